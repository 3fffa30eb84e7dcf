"""Which columns count: the key that Debezium takes a table to have, and the surrogate keys that work instead."""

from collections.abc import Sequence

import pytest

from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from tests.contract.conftest import execute
from tests.contract.key_looks import asked, look, reasons


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
