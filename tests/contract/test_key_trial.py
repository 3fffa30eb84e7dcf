"""Keys, looked at in a real PostgreSQL: those that an incremental snapshot cannot read by are told, and no others.

What the engine itself does with each type is in tests/e2e/test_key_types.py.
"""

import asyncio
from dataclasses import replace

import pytest

from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.places import Places
from snapshots.engines.debezium.source_database.postgresql.source_trial import PostgresSourceTrial
from snapshots.model import SourceConnector
from snapshots.plan import TopicRequest
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import Dialect, SkipReason
from tests.contract.conftest import KnownSecrets, as_role, execute, table_source
from tests.contract.key_looks import DEFAULT, asked, look, reasons
from tests.support.factories import make_filter

TYPES = (
    *(f"CREATE EXTENSION {name}" for name in ("citext", "hstore", "ltree", "isn", "cube")),
    "CREATE TYPE mood AS ENUM ('low', 'high'); CREATE TYPE pair AS (x int, y text)",
    "CREATE TYPE texts AS RANGE (subtype = text)",
    "CREATE DOMAIN whole AS int CHECK (value > 0); CREATE DOMAIN more AS whole",
    "CREATE DOMAIN moment AS timestamptz; CREATE DOMAIN instant AS moment; CREATE DOMAIN tags AS text[]",
    "CREATE DOMAIN labels AS tags; CREATE DOMAIN spot AS pg_lsn; CREATE DOMAIN couple AS pair",
)


def words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


SAFE = words("""
    bool int2 int4 int8 float4 float8 numeric numeric(10,2) oid text varchar varchar(9) char(9) name bytea tsvector uuid
    varbit jsonb date interval inet cidr macaddr macaddr8 int4range int8range numrange daterange tsrange tstzrange
    citext ltree mood whole more
""")
NOT_STORED = words("""
    int4[] text[] uuid[] numeric[] timestamptz[] mood[] whole[] pair[] citext[] int4range[] _int4 int2vector oidvector
    tags labels
""")
NOT_BOUND = words("""
    time time(0) timetz timestamp timestamp(3) timestamptz timestamptz(0) bit bit(8) money hstore moment instant
""")
NOT_SENT = words("""
    pg_lsn xid8 tid tsquery regclass regtype int4multirange tstzmultirange texts pair isbn13 cube spot couple
""")


def keyed(*types: str) -> list[TopicRequest]:
    """The tables of `database` that have these types as their keys; their topics are named like the types."""
    return [replace(asked(type_), data_collection=f"public.by {type_}") for type_ in types]


@pytest.fixture
async def database(signal_database: str) -> str:
    every = (
        f'CREATE TABLE "by {type_}" (k {type_} PRIMARY KEY)' for type_ in (*SAFE, *NOT_STORED, *NOT_BOUND, *NOT_SENT)
    )
    await execute(signal_database, *TYPES, *every)
    return signal_database


async def test_every_type_is_told_by_what_it_does(database: str) -> None:
    found = await reasons(database, *keyed(*SAFE, *NOT_STORED, *NOT_BOUND, *NOT_SENT))
    assert list(found) == [*NOT_STORED, *NOT_BOUND, *NOT_SENT]
    assert all("would stop connector shop-connector for good" in found[type_] for type_ in NOT_STORED)
    assert all("would fail, and spoil the tables after it" in found[type_] for type_ in NOT_BOUND)
    assert all("would lose rows" in found[type_] for type_ in NOT_SENT)
    assert all(message.endswith(" Use BLOCKING.") for message in found.values())


async def test_a_message_names_the_column_with_its_type_and_what_works(signal_database: str) -> None:
    await execute(signal_database, "CREATE TABLE t (tags text[] PRIMARY KEY, id int NOT NULL UNIQUE)")
    assert await reasons(signal_database, asked("t")) == {
        "t": (
            "The key column tags is of type text[], which Debezium cannot store in its offset: an incremental snapshot "
            "would stop connector shop-connector for good. Use BLOCKING, or the surrogate key id."
        )
    }


async def test_types_that_the_connector_is_to_send_are_safe(database: str) -> None:
    settings = KeySettings(sends_unknown_types=True)
    assert list(await reasons(database, *keyed(*NOT_SENT, *NOT_BOUND, *NOT_STORED), settings=settings)) == [
        *NOT_BOUND,
        *NOT_STORED,
    ]


async def test_odd_names_are_found_and_absent_tables_say_nothing(signal_database: str) -> None:
    name = """o.r'd "x" é"""
    await execute(
        signal_database, """CREATE TABLE "o.r'd ""x"" é" ("a ""b" text[] PRIMARY KEY, "Id" int NOT NULL UNIQUE)"""
    )
    found = await reasons(signal_database, asked(name), asked("gone"), replace(asked("x"), data_collection="nothing"))
    assert set(found) == {name}
    assert 'The key column a "b is of type text[]' in found[name]
    assert found[name].endswith("the surrogate key Id.")


async def test_keys_and_filters_are_told_together_and_keys_go_first(signal_database: str) -> None:
    await execute(signal_database, "CREATE TABLE t (k text[] PRIMARY KEY)", "CREATE TABLE u (id int PRIMARY KEY)")
    wrong = make_filter("gone")
    trial = await look(signal_database, replace(asked("t"), filter=wrong), replace(asked("u"), filter=wrong))
    assert {topic_id: finding.reason for topic_id, finding in trial.findings.items()} == {
        "t": SkipReason.UNSAFE_KEY,
        "u": SkipReason.FILTER_REJECTED,
    }


async def test_a_blocking_snapshot_is_not_asked_for_keys(database: str) -> None:
    assert await look(database, *keyed(*NOT_STORED), settings=None) == Trial()


async def test_no_right_to_the_tables_is_needed(database: str) -> None:
    await execute(database, "DROP ROLE IF EXISTS key_reader", "CREATE ROLE key_reader LOGIN PASSWORD 'pw'")
    reader = as_role(database, "key_reader", "pw")
    assert list(await reasons(reader, *keyed(*NOT_STORED))) == list(NOT_STORED)


async def test_many_tables_are_one_question(signal_database: str) -> None:
    tables = [f"t{number}" for number in range(500)]
    made = ";".join(f"CREATE TABLE {name} (k int[] PRIMARY KEY, id int NOT NULL UNIQUE)" for name in tables)
    await execute(signal_database, made)
    assert list(await reasons(signal_database, *map(asked, tables))) == tables


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(replace(table_source(), database_url_ref=None), id="no reference"),
        pytest.param(replace(table_source(), dialect=Dialect.MYSQL), id="another kind of database"),
    ],
)
async def test_where_there_is_nothing_to_ask_nothing_is_said(database: str, source: SourceConnector) -> None:
    assert await look(database, *keyed("int4[]"), source=source) == Trial()


async def test_a_database_that_cannot_be_read_is_told_without_its_credentials(database: str) -> None:
    said = "The keys of its tables could not be checked"
    wrong = await look(as_role(database, "nobody", "s3cret"), *keyed("int4[]"))
    assert wrong.findings == {}
    assert wrong.warning == f"{said}: the database cannot be read (SQLSTATE 28P01)."
    unset = await look(database, *keyed("int4[]"), source=replace(table_source(), database_url_ref="env:NO"))
    assert unset.warning == f"{said}: env:NO is not set."
    nowhere = await look("postgresql://u:s3cret@127.0.0.1:1/d", *keyed("int4[]"))
    assert nowhere.warning == f"{said}: the database cannot be read (ConnectionRefusedError)."


async def test_a_database_that_does_not_answer_costs_a_bounded_time_and_is_told() -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        secrets = KnownSecrets({"env:SHOP": f"postgresql://u:p@127.0.0.1:{port}/d"})
        trial = PostgresSourceTrial(SourceOpener(secrets), Places(), trial_seconds=0.2)
        assert await trial.look(table_source(), [asked("t")], DEFAULT) == Trial(
            {}, "The keys of its tables could not be checked: the database did not answer within 0.2 s."
        )


async def test_a_database_that_did_not_answer_is_left_alone_for_a_while() -> None:
    connections, now = 0, 0.0

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        await reader.read()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        secrets = KnownSecrets({"env:SHOP": f"postgresql://u:p@127.0.0.1:{port}/d"})
        trial = PostgresSourceTrial(
            SourceOpener(secrets), Places(away_seconds=10.0, now=lambda: now), trial_seconds=0.2
        )
        asked_at = []
        for now in (0.0, 9.0, 11.0):  # noqa: B007 (the clock reads it)
            found = await trial.look(table_source(), [asked("t")], DEFAULT)
            assert "did not answer" in (found.warning or "")
            asked_at.append(connections)
    assert asked_at == [1, 1, 2]


async def test_databases_that_are_away_leave_room_for_those_that_are_there(database: str) -> None:
    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        away = [replace(table_source(), id=f"src-{n}", database_url_ref=f"env:AWAY{n}") for n in range(35)]
        mute = f"postgresql://u:p@127.0.0.1:{port}/d"
        secrets = KnownSecrets({"env:SHOP": database, **dict.fromkeys((f"env:AWAY{n}" for n in range(35)), mute)})
        trial = PostgresSourceTrial(SourceOpener(secrets), Places(), trial_seconds=60.0)
        async with asyncio.TaskGroup() as group:
            waiting = [group.create_task(trial.look(source, [asked("t")], DEFAULT)) for source in away]
            found = await trial.look(table_source(), keyed("int4[]"), DEFAULT)
            for task in waiting:
                task.cancel()
    assert [one.reason for one in found.findings.values()] == [SkipReason.UNSAFE_KEY]
