"""The signal table of a real PostgreSQL source, and all that can be wrong with it."""

import asyncio
from dataclasses import replace
from urllib.parse import urlsplit

import asyncpg
import pytest

from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.source_database.opener import SourceOpener, TimeLimits
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import Presence
from snapshots.vocabulary import Dialect, SnapshotErrorCode
from tests.contract.conftest import (
    DOCUMENTED_DDL,
    CuttingProxy,
    KnownSecrets,
    as_role,
    execute,
    rows,
    signal,
    table_source,
)

NOT_CONFIGURED = SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED
REJECTED = SnapshotErrorCode.SIGNAL_REJECTED
UNAVAILABLE = SnapshotErrorCode.CHANNEL_UNAVAILABLE

TEXT_DDL = "(id text, type text, data text)"


def channel(url: str, limits: TimeLimits | None = None) -> SignalTableChannel:
    return SignalTableChannel(SourceOpener(KnownSecrets({"env:SHOP": url})), limits)


async def refusal(sender: SignalTableChannel, source: SourceConnector) -> SourceError:
    with pytest.raises(SourceError) as caught:
        await sender.send(source, signal())
    return caught.value


@pytest.mark.parametrize("ddl", [TEXT_DDL, "(id text NOT NULL, type text, data text)"])
async def test_without_a_primary_key_a_signal_is_there_once_all_the_same(signal_database: str, ddl: str) -> None:
    await execute(signal_database, f"CREATE TABLE debezium_signal {ddl}")
    sender, sent = channel(signal_database), signal()
    await asyncio.gather(*(sender.send(table_source(), sent) for _ in range(10)))
    assert [id for id, _, _ in await rows(signal_database)] == [sent.id]


async def test_names_are_quoted(signal_database: str) -> None:
    await execute(
        signal_database, f'CREATE SCHEMA "My.S"; CREATE SCHEMA "X"; CREATE TABLE "X"."sig.n""als" {DOCUMENTED_DDL}'
    )
    source = replace(table_source(), signal_collection='X.sig.n"als')
    receipt = await channel(signal_database).send(source, signal())
    assert receipt.destination == 'X.sig.n"als'
    assert len(await rows(signal_database, '"X"."sig.n""als"')) == 1


async def test_the_right_to_insert_is_enough(signal_database: str) -> None:
    await execute(
        signal_database,
        f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}",
        "DROP ROLE IF EXISTS contract_writer",
        "CREATE ROLE contract_writer LOGIN PASSWORD 'pw'",
        "GRANT INSERT ON debezium_signal TO contract_writer",
    )
    writer = as_role(signal_database, "contract_writer", "pw")
    sent = signal()
    for _ in range(2):
        await channel(writer).send(table_source(), sent)
    assert len(await rows(signal_database)) == 1
    assert await channel(writer).find(table_source(), sent) is Presence.UNKNOWN
    await execute(signal_database, "REVOKE INSERT ON debezium_signal FROM contract_writer")
    error = await refusal(channel(writer), table_source())
    assert (error.code, error.retryable) == (REJECTED, False)
    assert "may not be written" in error.message
    await execute(signal_database, "DROP ROLE contract_writer")


@pytest.mark.parametrize(
    ("ddl", "code", "words"),
    [
        pytest.param("debezium_other (id text)", NOT_CONFIGURED, "signal table does not exist", id="no table"),
        pytest.param("debezium_signal (id text)", NOT_CONFIGURED, "lacks one of the columns", id="no columns"),
        pytest.param(
            "debezium_signal (id varchar(5) PRIMARY KEY, type text, data text)",
            REJECTED,
            "too short",
            id="short columns",
        ),
        pytest.param(
            "debezium_signal (id text PRIMARY KEY, type text, data text CHECK (false))",
            REJECTED,
            "constraint",
            id="check",
        ),
    ],
)
async def test_a_table_that_takes_no_signal_refuses_for_good(
    signal_database: str, ddl: str, code: SnapshotErrorCode, words: str
) -> None:
    await execute(signal_database, f"CREATE TABLE {ddl}")
    error = await refusal(channel(signal_database), table_source())
    assert (error.code, error.retryable) == (code, False)
    assert words in error.message
    assert "public.orders" not in error.message


async def test_a_database_that_only_reads_refuses(signal_database: str) -> None:
    name = urlsplit(signal_database).path.removeprefix("/")
    await execute(
        signal_database,
        f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}",
        f'ALTER DATABASE "{name}" SET default_transaction_read_only = on',
    )
    error = await refusal(channel(signal_database), table_source())
    assert (error.code, error.retryable) == (REJECTED, False)


@pytest.mark.parametrize(
    ("wrong", "code", "retryable"),
    [
        pytest.param("password", NOT_CONFIGURED, False, id="wrong password"),
        pytest.param("database", NOT_CONFIGURED, False, id="no such database"),
        pytest.param("scheme", NOT_CONFIGURED, False, id="not PostgreSQL's URL"),
        pytest.param("port", UNAVAILABLE, True, id="nobody there"),
    ],
)
async def test_a_database_that_lets_nobody_in(
    signal_database: str, wrong: str, code: SnapshotErrorCode, *, retryable: bool
) -> None:
    password = urlsplit(signal_database).password or ""
    url = {
        "password": as_role(signal_database, "postgres", "hunter2"),
        "database": f"{signal_database}-nothing",
        "scheme": signal_database.replace("postgresql", "mysql"),
        "port": f"postgresql://postgres:{password}@127.0.0.1:1/x",
    }[wrong]
    error = await refusal(channel(url), table_source())
    assert (error.code, error.retryable) == (code, retryable)
    assert password not in error.message
    assert "hunter2" not in error.message
    assert await channel(url).find(table_source(), signal()) is Presence.UNKNOWN


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"signal_collection": None}, "not known as schema.table"),
        ({"signal_collection": "debezium_signal"}, "not known as schema.table"),
        ({"database_url_ref": None}, "No reference"),
        ({"database_url_ref": "env:NOWHERE"}, "env:NOWHERE is not set"),
        ({"dialect": Dialect.MYSQL}, "enable its Kafka signal channel"),
    ],
    ids=["no table", "no schema", "no reference", "unset reference", "another dialect"],
)
async def test_a_source_that_is_not_set_up_for_it(changes: dict[str, object], words: str) -> None:
    source = replace(table_source(), **changes)  # type: ignore[arg-type]
    error = await refusal(channel("postgresql://unused"), source)
    assert (error.code, error.retryable) == (NOT_CONFIGURED, False)
    assert words in error.message


@pytest.mark.parametrize("deliver", [True, False], ids=["answer lost", "request lost"])
async def test_a_connection_that_breaks_while_inserting_leaves_it_open(signal_database: str, *, deliver: bool) -> None:
    await execute(signal_database, f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}")
    parts, sent = urlsplit(signal_database), signal()
    async with CuttingProxy("127.0.0.1", parts.port or 0, marker=sent.id.encode(), deliver=deliver) as proxy:
        through = parts._replace(netloc=parts.netloc.replace(str(parts.port), str(proxy.port))).geturl()
        with pytest.raises(UnconfirmedError):
            await channel(through).send(table_source(), sent)
        assert proxy.cuts == 1
    sender = channel(signal_database)
    assert await sender.find(table_source(), sent) is (Presence.PRESENT if deliver else Presence.ABSENT)
    await sender.send(table_source(), sent)
    assert len(await rows(signal_database)) == 1


async def test_an_insert_that_has_to_wait_too_long_is_left_open(signal_database: str) -> None:
    await execute(signal_database, f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}")
    blocker = await asyncpg.connect(signal_database)  # type: ignore[no-untyped-call]
    try:
        await blocker.execute("BEGIN; LOCK TABLE debezium_signal IN SHARE ROW EXCLUSIVE MODE")
        with pytest.raises(UnconfirmedError):
            await channel(signal_database, TimeLimits(answer_seconds=0.3)).send(table_source(), signal())
    finally:
        await blocker.close()


async def test_no_connection_is_left_behind(signal_database: str) -> None:
    await execute(signal_database, f"CREATE TABLE debezium_signal {DOCUMENTED_DDL}")
    sender = channel(signal_database)
    await asyncio.gather(*(sender.send(table_source(), signal()) for _ in range(20)))
    connection = await asyncpg.connect(signal_database)  # type: ignore[no-untyped-call]
    theirs = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'topicsnap' AND datname = current_database()"
    )
    try:
        for _ in range(500):  # a backend takes a moment to go
            if not await connection.fetchval(theirs):
                break
            await asyncio.sleep(0.01)
        assert await connection.fetchval(theirs) == 0
    finally:
        await connection.close()
