"""Keys, looked at in a real PostgreSQL: those that an incremental snapshot cannot read by are told, and no others.

What the engine itself does with each type is in tests/e2e/test_unsafe_keys.py.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from snapshots.engines.debezium.source_trial import PostgresSourceTrial
from snapshots.jobs import TopicRequest
from snapshots.keys import KeySettings
from snapshots.kinds import Dialect, SkipReason
from snapshots.model import SourceConnector
from snapshots.ports import Trial
from tests.contract.conftest import KnownSecrets, as_role, execute, table_source
from tests.factories import make_filter, make_topic

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
DEFAULT = KeySettings()


async def look(
    url: str, *topics: TopicRequest, settings: KeySettings | None = DEFAULT, source: SourceConnector | None = None
) -> Trial:
    trial = PostgresSourceTrial(KnownSecrets({"env:SHOP": url}))
    return await trial.look(source or table_source(), topics, settings)


async def reasons(url: str, *topics: TopicRequest, settings: KeySettings = DEFAULT) -> dict[str, str]:
    """What is told of the keys of the topics, by topic id."""
    trial = await look(url, *topics, settings=settings)
    assert trial.warning is None
    assert {finding.reason for finding in trial.findings.values()} <= {SkipReason.UNSAFE_KEY}
    return {topic_id: finding.message for topic_id, finding in trial.findings.items()}


def asked(name: str, *, surrogate: str | None = None) -> TopicRequest:
    return TopicRequest(make_topic(name, table_source()), f"public.{name}", surrogate_key=surrogate)


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


@pytest.mark.parametrize(
    ("definition", "is_safe"),
    [
        pytest.param("(id int, at timestamp, PRIMARY KEY (id, at))", False, id="second in the key"),
        pytest.param("(at timestamp, PRIMARY KEY (at) DEFERRABLE INITIALLY DEFERRED)", False, id="deferrable"),
        pytest.param("(id int PRIMARY KEY, at timestamp NOT NULL UNIQUE)", True, id="not in the primary key"),
        pytest.param("(id int, at timestamp, PRIMARY KEY (id) INCLUDE (at))", True, id="included in the primary key"),
        pytest.param("(at timestamp)", True, id="no key"),
        pytest.param("(at timestamp NOT NULL, EXCLUDE USING btree (at WITH =), id int UNIQUE)", True, id="exclusion"),
    ],
)
async def test_the_primary_key_counts(signal_database: str, definition: str, *, is_safe: bool) -> None:
    await execute(signal_database, f"CREATE TABLE t {definition}")
    assert (await reasons(signal_database, asked("t")) == {}) is is_safe


@pytest.mark.parametrize(
    ("indexes", "is_safe"),
    [
        pytest.param(("a ON t (at)", "b ON t (id)"), False, id="the first by name"),
        pytest.param(("a ON t (id)", "b ON t (at)"), True, id="not the second"),
        pytest.param(('"B" ON t (at)', "a ON t (id)"), False, id="capitals first"),
        pytest.param(("a ON t (at) WHERE id > 3", "b ON t (id)"), False, id="a partial one"),
        pytest.param(("a ON t (other)", "b ON t (at)"), True, id="a nullable one"),
        pytest.param(
            ("a ON t (abs(id))", "b ON t (at)", "c ON t (id)"), False, id="one over an expression is passed over"
        ),
        pytest.param(("a ON t (id, abs(id))", "b ON t (at)"), False, id="one with an expression as well"),
        pytest.param(("a ON t (id) INCLUDE (at)",), False, id="an included column"),
    ],
)
async def test_without_a_primary_key_the_first_unique_index_counts(
    signal_database: str, indexes: Sequence[str], *, is_safe: bool
) -> None:
    await execute(signal_database, "CREATE TABLE t (id int NOT NULL, at timestamp NOT NULL, other int)")
    await execute(signal_database, *(f"CREATE UNIQUE INDEX {index}" for index in indexes))
    assert (await reasons(signal_database, asked("t")) == {}) is is_safe


async def test_an_index_that_the_table_is_clustered_by_comes_first(signal_database: str) -> None:
    await execute(
        signal_database,
        "CREATE TABLE t (id int NOT NULL, at timestamp NOT NULL)",
        "CREATE UNIQUE INDEX a ON t (id)",
        "CREATE UNIQUE INDEX b ON t (at)",
    )
    assert await reasons(signal_database, asked("t")) == {}
    await execute(signal_database, "CLUSTER t USING b")
    assert set(await reasons(signal_database, asked("t"))) == {"t"}


@pytest.mark.parametrize(
    ("columns", "is_safe"),
    [
        pytest.param("public.t:id", True, id="a safe one"),
        pytest.param(" .*:id ; public.u:at ", True, id="a pattern"),
        pytest.param("PUBLIC.T:ID", True, id="in any case"),
        pytest.param("public.t:id,at", False, id="an unsafe one as well"),
        pytest.param("public.u:id", False, id="of another table"),
        pytest.param("public.t:gone", False, id="no such column"),
    ],
)
async def test_message_key_columns_replace_the_key(signal_database: str, columns: str, *, is_safe: bool) -> None:
    await execute(signal_database, "CREATE TABLE t (at timestamp PRIMARY KEY, id int NOT NULL)")
    found = await reasons(signal_database, asked("t"), settings=KeySettings(columns=columns))
    assert (found == {}) is is_safe


@pytest.mark.parametrize("columns", ["public.t[a-z&&[^b]]:id", "public.[t:id", "${file:/keys:columns}"])
async def test_message_key_columns_that_cannot_be_read_are_told(signal_database: str, columns: str) -> None:
    await execute(signal_database, "CREATE TABLE t (id int PRIMARY KEY)")
    trial = await look(signal_database, asked("t"), settings=KeySettings(columns=columns))
    assert trial == Trial(
        {},
        "The keys of its tables could not be checked: `message.key.columns` of its configuration cannot be read.",
    )


async def test_arrays_of_domains_are_lost_and_domains_over_arrays_are_not(signal_database: str) -> None:
    await execute(
        signal_database,
        *("CREATE DOMAIN whole AS int", "CREATE DOMAIN tags AS text[]", "CREATE TYPE mood AS ENUM ('low', 'high')"),
        *(
            f"CREATE TABLE {name} (k {type_} PRIMARY KEY, id int NOT NULL UNIQUE)"
            for name, type_ in (("numbers", "whole[]"), ("labels", "tags"), ("moods", "mood[]"))
        ),
    )
    found = await reasons(signal_database, *(asked(name, surrogate="id") for name in ("numbers", "labels", "moods")))
    assert set(found) == {"numbers"}
    assert "would lose rows" in found["numbers"]


@pytest.mark.parametrize(
    ("definition", "surrogate", "end"),
    [
        pytest.param("(k text[] PRIMARY KEY, id int UNIQUE NOT NULL)", "id", None, id="one that works"),
        pytest.param("(k xid8 PRIMARY KEY, id int UNIQUE NOT NULL)", "id", "Use BLOCKING.", id="rows would be lost"),
        *(
            pytest.param(f"(k {type_} PRIMARY KEY, id int UNIQUE NOT NULL)", "id", "Use BLOCKING.", id=f"of {type_}")
            for type_ in ("xid8[]", "money[]", "pg_lsn[]", "name[]", "interval[]", "int[][]", "oidvector", "int2vector")
        ),
        pytest.param("(k int[][] PRIMARY KEY, id int UNIQUE NOT NULL)", None, "Use BLOCKING.", id="two dimensions"),
        pytest.param(
            "(id int PRIMARY KEY, k text[] NOT NULL UNIQUE)",
            "k",
            "Use BLOCKING, or leave the surrogate key out.",
            id="one that does not, of a table that needs none",
        ),
        pytest.param(
            "(at time PRIMARY KEY, k text[] NOT NULL, id uuid NOT NULL UNIQUE)",
            "k",
            "Use BLOCKING, or the surrogate key id.",
            id="one that does not, of a table that needs another",
        ),
        pytest.param("(id int PRIMARY KEY, k xid8 NOT NULL)", "k", None, id="of a type that is not sent"),
        pytest.param("(k text[] PRIMARY KEY)", None, "Use BLOCKING.", id="no other column"),
        pytest.param("(k text[] PRIMARY KEY, id int UNIQUE)", None, "Use BLOCKING.", id="a nullable column"),
        pytest.param("(k text[] PRIMARY KEY, id int NOT NULL)", None, "Use BLOCKING.", id="no unique column"),
        pytest.param(
            "(k text[] PRIMARY KEY, id int NOT NULL UNIQUE DEFERRABLE)", None, "Use BLOCKING.", id="at the end only"
        ),
        pytest.param("(k text[], id int, PRIMARY KEY (k, id))", None, "Use BLOCKING.", id="unique with another only"),
        pytest.param(
            "(k text[] PRIMARY KEY, n numeric NOT NULL UNIQUE)", None, "Use BLOCKING.", id="a number that may be none"
        ),
        pytest.param(
            "(k text[] PRIMARY KEY, b int, id int NOT NULL GENERATED ALWAYS AS (b + 1) STORED UNIQUE)",
            None,
            "Use BLOCKING.",
            id="a generated column",
        ),
        pytest.param("(k text[] UNIQUE, x int NOT NULL UNIQUE)", None, "Use BLOCKING.", id="a key with nulls"),
    ],
)
async def test_surrogate_keys(signal_database: str, definition: str, surrogate: str | None, end: str | None) -> None:
    await execute(signal_database, f"CREATE TABLE t {definition}")
    found = await reasons(signal_database, asked("t", surrogate=surrogate))
    assert found.get("t") is None if end is None else found["t"].endswith(f" {end}")


async def test_a_partial_index_and_inheritance_make_no_surrogate_key(signal_database: str) -> None:
    await execute(
        signal_database,
        "CREATE TABLE partial (k text[] PRIMARY KEY, id int NOT NULL)",
        "CREATE UNIQUE INDEX ON partial (id) WHERE id > 3",
        "CREATE TABLE parent (k text[] PRIMARY KEY, id int NOT NULL UNIQUE)",
        "CREATE TABLE child () INHERITS (parent)",
        "CREATE TABLE split (k text[], id int NOT NULL, PRIMARY KEY (k, id), UNIQUE (id)) PARTITION BY LIST (id)",
        "CREATE TABLE one PARTITION OF split FOR VALUES IN (1)",
    )
    found = await reasons(signal_database, *map(asked, ("partial", "parent", "split", "one")))
    assert [message.rpartition(". ")[2] for message in found.values()] == [
        "Use BLOCKING.",
        "Use BLOCKING.",
        "Use BLOCKING, or the surrogate key id.",
        "Use BLOCKING, or the surrogate key id.",
    ]


async def test_no_surrogate_key_is_named_where_columns_may_be_left_out(signal_database: str) -> None:
    await execute(signal_database, "CREATE TABLE t (k text[] PRIMARY KEY, id int NOT NULL UNIQUE)")
    found = await reasons(signal_database, asked("t"), settings=KeySettings(filters_columns=True))
    assert found["t"].endswith(" Use BLOCKING.")


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
        trial = PostgresSourceTrial(secrets, trial_seconds=0.2)
        assert await trial.look(table_source(), [asked("t")], DEFAULT) == Trial(
            {}, "The keys of its tables could not be checked: the database did not answer within 0.2 s."
        )
