"""`topicsnap doctor`: its exit codes and its words; what it finds on a real Debezium is in tests/e2e."""

import orjson
import pytest

from gateway.cli.commands.doctor import CheckedSource, exit_of
from gateway.cli.exits import Exit
from snapshots.health.findings import HealthCheck, Severity
from tests.support.commands import command


def health(*findings: tuple[str, str]) -> CheckedSource:
    return {
        "id": "src_1",
        "name": "shop",
        "cluster": "main",
        "health": [
            {"code": code, "severity": severity, "subject": "it", "message": "So.", "remedy": None}
            for code, severity in findings
        ],
    }


WELL = health((HealthCheck.CONNECTOR_STATE, Severity.OK), (HealthCheck.CONNECTOR_VERSION, Severity.WARNING))
ILL = health((HealthCheck.SIGNAL_TABLE, Severity.ERROR), (HealthCheck.KAFKA, Severity.UNKNOWN))
AWAY = health((HealthCheck.KAFKA_CONNECT, Severity.UNKNOWN))
PARTLY = health((HealthCheck.KAFKA, Severity.UNKNOWN), (HealthCheck.DATABASE, Severity.UNKNOWN))


@pytest.mark.parametrize(
    ("checked", "code"),
    [
        ([], Exit.OK),
        ([WELL], Exit.OK),
        ([WELL, PARTLY], Exit.OK),
        ([WELL, ILL], Exit.FAILED),
        ([AWAY, WELL], Exit.UNREACHABLE),
        ([AWAY, ILL], Exit.FAILED),
    ],
)
def test_the_exit_code_tells_the_worst(checked: list[CheckedSource], code: Exit) -> None:
    assert exit_of(checked) is code


def test_words_of_a_newer_gateway_are_no_obstacle() -> None:
    assert exit_of([health(("BRAND_NEW", "DIRE"))]) is Exit.OK


async def test_no_gateway_is_3() -> None:
    ended = await command("doctor", "--server", "http://127.0.0.1:1")
    assert ended.code == 3
    assert "No gateway answers" in ended.err


async def test_no_database_is_3() -> None:
    url = "postgresql://nobody@127.0.0.1:1/nothing"
    ended = await command("doctor", "--direct", TOPICSNAP_DATABASE_URL=url)
    assert ended.code == 3


async def test_an_empty_catalogue_is_well(database_url: str) -> None:
    ended = await command("doctor", "--direct", TOPICSNAP_DATABASE_URL=database_url)
    assert ended.code == 0
    assert "no source connectors" in ended.out
    ended = await command("doctor", "--direct", "--json", TOPICSNAP_DATABASE_URL=database_url)
    assert (ended.code, orjson.loads(ended.out)) == (0, [])
    ended = await command("doctor", "shop", "--direct", TOPICSNAP_DATABASE_URL=database_url)
    assert ended.code == 1
    assert "No source connector has the name or id shop." in ended.err
