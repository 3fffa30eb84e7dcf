"""`topicsnap doctor`: its exit codes and its words; what it finds on a real Debezium is in tests/e2e."""

import orjson
import pytest

from gateway.cli.backend import NotKnownError, choose_sources
from gateway.cli.exits import Exit
from gateway.cli.health import SourceHealth, exit_of, findings_from_graphql
from snapshots.health.findings import HealthCheck, HealthFinding, Severity
from tests.cli.commands import command

FOUND = [("src_1", "main", "shop"), ("src_2", "main", "billing"), ("src_3", "other", "shop")]


def health(*findings: tuple[HealthCheck, Severity]) -> SourceHealth:
    return SourceHealth(
        "src_1", "main", "shop", tuple(HealthFinding(code, severity, "it", "So.") for code, severity in findings)
    )


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
def test_the_exit_code_tells_the_worst(checked: list[SourceHealth], code: Exit) -> None:
    assert exit_of(checked) is code


def test_sources_are_chosen_by_id_name_or_place() -> None:
    assert choose_sources([], FOUND) == FOUND
    assert choose_sources(["src_2", "billing"], FOUND) == [FOUND[1]]
    assert choose_sources(["shop"], FOUND) == [FOUND[0], FOUND[2]]
    assert choose_sources(["other/shop"], FOUND) == [FOUND[2]]
    with pytest.raises(NotKnownError, match="nobody"):
        choose_sources(["shop", "nobody"], FOUND)


def test_words_of_a_newer_gateway_are_no_obstacle() -> None:
    one = {"code": "BRAND_NEW", "severity": "DIRE", "subject": "s", "message": "m", "remedy": None}
    [finding] = findings_from_graphql([one])
    assert (finding.code, finding.severity, finding.message) == (HealthCheck.UNEXPLAINED, Severity.UNKNOWN, "m")


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
