"""Names in signals: that an entry means one collection and no other."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snapshots.signalling.names import collection_entry, condition_collection, plain_name, stops_connector
from snapshots.vocabulary import Dialect, SnapshotType

INCREMENTAL, BLOCKING = SnapshotType.INCREMENTAL, SnapshotType.BLOCKING


names = st.tuples(
    st.sampled_from(["public", "Public", "in-v", "a b"]), st.text(st.characters(codec="utf-8"), min_size=1, max_size=12)
).map(".".join)


def matches(entry: str, name: str, snapshot_type: SnapshotType) -> bool:
    """Whether Debezium takes `name` for what `entry` says: a whole match, in any case for BLOCKING."""
    if entry.startswith("(?-i)"):  # Python does not allow that outside of a group
        return re.fullmatch(entry.removeprefix("(?-i)"), name, re.DOTALL) is not None
    flags = re.DOTALL | (re.IGNORECASE if snapshot_type is BLOCKING else re.NOFLAG)
    return re.fullmatch(entry, name, flags) is not None


@given(names, names, st.sampled_from(SnapshotType))
def test_an_entry_of_an_ambiguous_name_means_it_alone(name: str, other: str, snapshot_type: SnapshotType) -> None:
    entry = collection_entry(name, snapshot_type, ambiguous=True)
    assert matches(entry, name, snapshot_type)
    assert matches(entry, other, snapshot_type) == (name == other)


@given(name=names, snapshot_type=st.sampled_from(SnapshotType), ambiguous=st.booleans())
def test_an_entry_means_its_own_name(name: str, snapshot_type: SnapshotType, *, ambiguous: bool) -> None:
    assert matches(collection_entry(name, snapshot_type, ambiguous=ambiguous), name, snapshot_type)


@given(name=names, ambiguous=st.booleans())
def test_blocking_entries_hold_no_comma_to_be_split_at(name: str, *, ambiguous: bool) -> None:
    assert "," not in collection_entry(name, BLOCKING, ambiguous=ambiguous)


@given(names, st.sampled_from(SnapshotType))
def test_an_escaped_entry_becomes_the_plain_name_again(name: str, snapshot_type: SnapshotType) -> None:
    assume(name == name.strip())
    assert plain_name(collection_entry(name, snapshot_type, ambiguous=True)) == name


@pytest.mark.parametrize(
    "name", ["public.x y", 'public.qu"ote', "public.it's", "my schema.a", "public.a`b", "public.a\tb"]
)
def test_a_name_with_blanks_or_quotes_stops_a_connector_where_it_is_kept_in_the_offset(name: str) -> None:
    assert stops_connector(name, INCREMENTAL, Dialect.POSTGRESQL)
    assert stops_connector(name, INCREMENTAL, Dialect.OTHER)
    assert not stops_connector(name, BLOCKING, Dialect.POSTGRESQL)
    assert not stops_connector(name, INCREMENTAL, Dialect.MONGODB)


@pytest.mark.parametrize("name", ["public.price.list", "public.$a+[b]", "public.Straße", "public.a,b"])
def test_other_odd_names_stop_nothing(name: str) -> None:
    assert not stops_connector(name, INCREMENTAL, Dialect.POSTGRESQL)


@given(names)
def test_a_blocking_condition_names_its_table_literally(name: str) -> None:
    assume(not stops_connector(name, INCREMENTAL, Dialect.POSTGRESQL))
    assert condition_collection(name, BLOCKING, Dialect.POSTGRESQL, ambiguous=True) == name


@pytest.mark.parametrize(
    ("dialect", "name", "condition"),
    [
        (Dialect.POSTGRESQL, "public.x. y", '"public"."x. y"'),
        (Dialect.POSTGRESQL, 'public.qu"ote', '"public"."qu""ote"'),
        (Dialect.SQLSERVER, "db.dbo.it's", '"db"."dbo"."it\'s"'),
    ],
)
def test_a_blocking_condition_quotes_what_debezium_could_not_parse(dialect: Dialect, name: str, condition: str) -> None:
    assert condition_collection(name, BLOCKING, dialect, ambiguous=False) == condition


def test_an_incremental_condition_of_an_ambiguous_name_minds_the_case() -> None:
    assert (
        condition_collection("public.Orders", INCREMENTAL, Dialect.POSTGRESQL, ambiguous=True) == r"(?-i)public\.Orders"
    )
    assert condition_collection("public.orders", INCREMENTAL, Dialect.POSTGRESQL, ambiguous=False) == "public.orders"
