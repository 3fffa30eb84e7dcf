"""`export` and `prune` on a database, as an auditor and an operator run them."""

import asyncio
import csv
import io
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLType,
    build_schema,
)
from sqlalchemy import text

from gateway.export.json_lines import EXTRAS
from persistence.database.pool import Database
from persistence.ledger import Ledger
from persistence.ledger.requesting.opening_rows import NewBulkSnapshot
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.identifiers import IdMaker
from snapshots.plan import Refusal
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.commands import PROGRAM, Ended, command, environment
from tests.support.ledger_bench import NOW, TENANT, Bench, catalogue, store

REFUSED = Refusal(SnapshotErrorCode.SIGNAL_REJECTED, "=1+1 is no answer.", retryable=False)
SDL = (Path(__file__).parents[2] / "schema" / "schema.graphql").read_text("utf-8")
SCHEMA = build_schema(SDL, assume_valid_sdl=True)
FILTER = RowFilter((RowCondition("id", FilterOperator.GT, ("5",)),))


@pytest.fixture
async def bench(database: Database) -> Bench:
    """A ledger with two bulk snapshots: one that failed, and one whose reason is a formula, and which goes on."""
    routes = catalogue(2, 2)
    await store(database, routes)
    bench = Bench(database, Ledger.over(database, IdMaker(), idempotency_days=7), routes, source_ids=["src_0", "src_1"])
    await bench.dispatch("top_src_0_0", outcome=REFUSED)
    async with database.write() as connection:
        await connection.execute(text("UPDATE bulk_snapshot SET answered_at = requested_at"))
    request = BulkSnapshotRequest(
        ("top_src_1_0", "top_src_1_1", "nobody"), options=(TopicOptions("top_src_1_1", FILTER),), reason="=cmd|' /c'!A1"
    )
    new = NewBulkSnapshot(TENANT, "bulkSnapshotTopics", "ada", NOW, request, make_plan(request, routes))
    assert await bench.ledger.opening.open(new, lease_until=bench.lease())
    return bench


async def export(url: str, *arguments: str) -> Ended:
    ended = await command("export", *arguments, TOPICSNAP_DATABASE_URL=url)
    assert ended.code == 0, ended.err
    return ended


def table(out: str) -> Sequence[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(out)))


async def test_a_line_is_a_bulk_snapshot_with_all_that_is_known_of_it(bench: Bench, database_url: str) -> None:
    failed, going = [json.loads(line) for line in (await export(database_url)).out.splitlines()]
    assert (failed["state"], failed["requestedBy"], failed["requestedAt"]) == (
        "FAILED",
        "somebody",
        "2026-01-01T12:00:00Z",
    )
    (snapshot,) = failed["snapshots"]
    assert (snapshot["source"]["name"], snapshot["state"], snapshot["code"]) == (
        "connector-0",
        "FAILED",
        "SIGNAL_REJECTED",
    )
    assert json.loads(snapshot["signals"][0]["data"])["data-collections"] == ["public.table0"]
    assert [event["toState"] for event in failed["events"]] == [
        "PENDING",
        "SENDING",
        "SENDING",
        "REFUSED",
        "FAILED",
        "FAILED",
    ]
    assert failed["events"][3]["detail"] == {"attempt": 1, "code": "SIGNAL_REJECTED", "message": REFUSED.message}
    assert (going["state"], going["reason"]) == ("IN_PROGRESS", "=cmd|' /c'!A1")
    assert going["snapshots"][0]["topics"][1]["filter"]["all"][0]["column"] == "id"
    assert going["skippedTopics"] == [
        {"topicId": "nobody", "topic": None, "reason": "TOPIC_NOT_FOUND", "message": "No topic has this id."}
    ]


async def test_names_values_and_shapes_are_those_of_graphql(bench: Bench, database_url: str) -> None:
    lines = [json.loads(line) for line in (await export(database_url)).out.splitlines()]
    assert [problem for line in lines for problem in misfits(line, SCHEMA.type_map["BulkSnapshot"])] == []


def misfits(value: object, kind: GraphQLType, name: str = "bulkSnapshot") -> Iterator[str]:
    """What of an exported value is not as its GraphQL type has it."""
    if isinstance(kind, GraphQLNonNull):
        if value is None:
            yield f"{name} is null"
        yield from misfits(value, kind.of_type, name)
    elif value is None:
        return
    elif isinstance(kind, GraphQLList):
        assert isinstance(value, list), name
        for one in value:
            yield from misfits(one, kind.of_type, name)
    elif isinstance(kind, GraphQLEnumType):
        if value not in kind.values:
            yield f"{name} is {value}"
    elif isinstance(kind, GraphQLScalarType):
        if kind.name not in {"JSON", "Boolean"} and not isinstance(value, str):
            yield f"{name} is no {kind.name}: {value!r}"
    else:
        assert isinstance(value, dict), name
        yield from misfitting_members(value, SCHEMA.type_map[value.get("__typename", str(kind))], name)


def misfitting_members(value: dict[str, Any], kind: GraphQLType, name: str) -> Iterator[str]:
    assert isinstance(kind, GraphQLObjectType), name
    for key in value.keys() - EXTRAS.get(kind.name, frozenset()) - {"__typename", "events"}:
        if key not in kind.fields:
            yield f"{kind.name} has no {key}"
        else:
            yield from misfits(value[key], kind.fields[key].type, f"{name}.{key}")
    for event in value.get("events", ()):  # a connection in GraphQL, a list here
        yield from misfits(event, SCHEMA.type_map["LedgerEvent"], f"{name}.events")


async def test_a_row_is_a_topic_and_no_cell_is_a_formula(bench: Bench, database_url: str) -> None:
    rows = table((await export(database_url, "--format", "csv")).out)
    assert [row["topic_id"] for row in rows] == ["top_src_0_0", "top_src_1_0", "top_src_1_1"]
    assert (rows[0]["message"], rows[1]["reason"]) == (f"'{REFUSED.message}", "'=cmd|' /c'!A1")
    assert [row["state"] for row in rows] == ["FAILED", "PENDING", "PENDING"]
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        (("--state", "failed"), ["somebody"]),
        (("--state", "failed", "--state", "IN_PROGRESS"), ["somebody", "ada"]),
        (("--requester", "ada"), ["ada"]),
        (("--source", "connector-0"), ["somebody"]),
        (("--source", "main/connector-1"), ["ada"]),
        (("--source", "src_0", "--source", "src_1"), ["somebody", "ada"]),
        (("--topic", "prefix1.public.table1"), ["ada"]),
        (("--topic", "top_src_0_0", "--requester", "ada"), []),
        (("--since", "2026-01-01", "--until", "2026-01-02"), ["somebody", "ada"]),
        (("--since", "2026-01-01T12:00:01"), []),
        (("--until", "2026-01-01T13:00:00+01:00"), []),
    ],
    ids=" ".join,
)
async def test_only_what_is_asked_for_is_exported(
    bench: Bench, database_url: str, arguments: tuple[str, ...], found: list[str]
) -> None:
    lines = (await export(database_url, *arguments)).out.splitlines()
    assert [json.loads(line)["requestedBy"] for line in lines] == found


async def test_a_file_appears_when_it_is_complete(bench: Bench, database_url: str, tmp_path: Path) -> None:
    file = tmp_path / "audit.csv"
    ended = await export(database_url, "--format", "csv", "-o", str(file))
    assert (ended.out, "2 bulk snapshots" in ended.err) == ("", True)
    assert len(table(file.read_text())) == 3
    assert [entry.name for entry in tmp_path.iterdir()] == ["audit.csv"]


async def test_the_verdicts_of_a_verification_are_exported(bench: Bench, database_url: str) -> None:
    verified = """
        UPDATE snapshot_topic SET verify_requested_at = '2026-01-01T12:00:00Z', verified_at = '2026-01-01T13:00:00Z',
            verdict = 'INCOMPLETE', verdict_reason = '=two are missing', expected_rows = 5, emitted_rows = 3
        WHERE topic_id = 'top_src_0_0'
    """
    async with bench.database.write() as connection:
        await connection.execute(text(verified))
    failed, going = [json.loads(line)["snapshots"][0] for line in (await export(database_url)).out.splitlines()]
    names = ("verification", "verdict", "verdictReason", "expectedRows", "emittedRows", "verifiedAt")
    said = ("DONE", "INCOMPLETE", "=two are missing", "5", "3", "2026-01-01T13:00:00Z")
    assert tuple(failed["topics"][0][name] for name in names) == said
    assert tuple(going["topics"][0][name] for name in names) == ("NOT_REQUESTED", None, None, None, None, None)
    assert (failed["origin"], failed["followed"]) == ("REQUESTED", True)
    row, *_ = table((await export(database_url, "--format", "csv")).out)
    columns = ("verification", "verdict", "verdict_reason", "expected_rows", "emitted_rows", "verified_at")
    assert tuple(row[name] for name in columns) == tuple(f"'{value}" if value == said[2] else value for value in said)
    assert row["origin"] == "REQUESTED"


async def test_a_reader_that_has_seen_enough_is_no_error(bench: Bench, database_url: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    ended = await asyncio.create_subprocess_exec(
        str(PROGRAM),
        "export",
        env=environment(TOPICSNAP_DATABASE_URL=database_url),
        stdout=writer,
        stderr=asyncio.subprocess.PIPE,
    )
    os.close(writer)
    _, err = await ended.communicate()
    assert (ended.returncode, err) == (0, b"")


async def test_what_is_wrong_is_said(bench: Bench, database_url: str, tmp_path: Path) -> None:
    nowhere = tmp_path / "none" / "audit.csv"
    unwritable = await command("export", "-o", str(nowhere), TOPICSNAP_DATABASE_URL=database_url)
    message = f"topicsnap: {nowhere} cannot be written: No such file or directory.\n"
    assert (unwritable.code, unwritable.err) == (2, message)
    unknown = await command("export", "--topic", "nothing", TOPICSNAP_DATABASE_URL=database_url)
    assert (unknown.code, "No topic has the name or id nothing." in unknown.err) == (1, True)
    assert (await command("export", "--since", "yesterday")).code == 2
    assert (await command("prune")).code == 2
    assert (await command("prune", "--before", "2026-01-01", "--keep-days", "1")).code == 2


async def test_pruning_tells_first_and_then_does(bench: Bench, database_url: str) -> None:
    told = await command("prune", "--before", "2026-01-02", "--dry-run", TOPICSNAP_DATABASE_URL=database_url)
    expected = "1 bulk snapshots requested from 2026-01-01 to 2026-01-01: 1 source snapshots, 1 topics, 1 signals"
    assert (told.code, f"Would remove {expected}" in told.out) == (0, True), told.err
    done = await command("prune", "--keep-days", "30", TOPICSNAP_DATABASE_URL=database_url)
    assert (done.code, f"Removed {expected}" in done.out) == (0, True), done.err
    (line,) = (await export(database_url)).out.splitlines()
    assert json.loads(line)["requestedBy"] == "ada"
    again = await command("prune", "--keep-days", "30", "--json", TOPICSNAP_DATABASE_URL=database_url)
    assert json.loads(again.out)["bulkSnapshots"] == 0


async def test_a_retry_of_nothing_says_so(bench: Bench, database_url: str) -> None:
    ended = await command("retry", "bulk_none", "--direct", TOPICSNAP_DATABASE_URL=database_url)
    assert (ended.code, "No bulk snapshot has the id bulk_none." in ended.err) == (1, True)
    failed = json.loads((await export(database_url, "--state", "failed")).out)["id"]
    ended = await command("retry", failed, "--direct", TOPICSNAP_DATABASE_URL=database_url)
    assert (ended.code, "There is nothing to retry" in ended.err) == (1, True)
