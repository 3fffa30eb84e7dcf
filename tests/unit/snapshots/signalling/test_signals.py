"""Signals: which topics go together, and that an entry means one collection and no other."""

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from snapshots.errors import FilterError, SourceError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.plan import SignalDraft, TopicRequest
from snapshots.signalling.signals import (
    KAFKA_DATA_LIMIT,
    collection_entry,
    condition_collection,
    draft_signals,
    plain_name,
    stops_connector,
)
from snapshots.vocabulary import Dialect, MappingKind, SignalChannelKind, SnapshotErrorCode, SnapshotType, TopicProducer

INCREMENTAL, BLOCKING = SnapshotType.INCREMENTAL, SnapshotType.BLOCKING


def source(
    *,
    channel: SignalChannelKind = SignalChannelKind.SOURCE_TABLE,
    limit: int = 2048,
    dialect: Dialect = Dialect.POSTGRESQL,
) -> SourceConnector:
    cluster = Cluster("c", "c", None, None)
    return SourceConnector(
        "src", cluster, "shop", dialect=dialect, signal_channel=channel, signal_data_limit=limit, topic_prefix="shop"
    )


def asked(
    collection: str, *, ambiguous: bool = False, row_filter: RowFilter | None = None, surrogate_key: str | None = None
) -> TopicRequest:
    topic = Topic(
        id=f"top:{collection}",
        cluster_id="c",
        cluster_name="c",
        name=collection,
        producer=TopicProducer.SOURCE,
        source=None,
        data_collection=collection,
        mapping=MappingKind.DERIVED,
        keyless=False,
        exists=True,
        ambiguous=ambiguous,
    )
    return TopicRequest(topic, collection, row_filter, surrogate_key)


def equal_to(value: str) -> RowFilter:
    return RowFilter((RowCondition("id", FilterOperator.EQ, (value,)),))


def collections(draft: SignalDraft) -> list[str]:
    return [topic.data_collection for topic in draft.topics]


# The exact texts.


def test_an_incremental_signal() -> None:
    (draft,) = draft_signals(
        source(), (asked("public.orders"), asked("public.price.list", ambiguous=True)), INCREMENTAL
    )
    assert draft.data == r'{"data-collections":["public.orders","public\\.price\\.list"],"type":"INCREMENTAL"}'


def test_an_incremental_signal_with_filter_and_surrogate_key() -> None:
    request = asked("public.orders", row_filter=equal_to("7"), surrogate_key="nr")
    (draft,) = draft_signals(source(), (request,), INCREMENTAL)
    assert draft.data == (
        '{"data-collections":["public.orders"],"type":"INCREMENTAL","additional-conditions":'
        '[{"data-collection":"public.orders","filter":"\\"id\\" = \'7\'"}],"surrogate-key":"nr"}'
    )


def test_a_blocking_signal_names_the_table_of_its_filter_literally() -> None:
    request = asked("public.Orders", ambiguous=True, row_filter=equal_to("7"))
    (draft,) = draft_signals(source(), (request,), BLOCKING)
    assert json.loads(draft.data) == {
        "data-collections": [r"(?-i)public\.Orders"],
        "type": "BLOCKING",
        "additional-conditions": [
            {"data-collection": "public.Orders", "filter": """SELECT * FROM "public"."Orders" WHERE "id" = '7'"""}
        ],
    }


# What goes together.


def test_topics_of_one_table_share_an_entry() -> None:
    (draft,) = draft_signals(source(), (asked("public.a"), asked("public.b"), asked("public.a")), INCREMENTAL)
    assert json.loads(draft.data)["data-collections"] == ["public.a", "public.b"]
    assert len(draft.topics) == 3


def test_different_filters_on_one_table_go_apart() -> None:
    requests = (asked("t.a"), asked("t.a", row_filter=equal_to("1")), asked("t.a", row_filter=equal_to("2")))
    drafts = draft_signals(source(), requests, INCREMENTAL)
    assert [draft.topics for draft in drafts] == [(request,) for request in requests]


def test_incremental_filters_come_last_and_one_to_a_signal() -> None:
    requests = (
        asked("t.a", row_filter=equal_to("1")),
        asked("t.b"),
        asked("t.c", row_filter=equal_to("1")),
        asked("t.d"),
    )
    drafts = draft_signals(source(), requests, INCREMENTAL)
    assert [collections(draft) for draft in drafts] == [["t.b", "t.d", "t.a"], ["t.c"]]


def test_a_blocking_filter_goes_alone() -> None:
    requests = (
        asked("t.a", row_filter=equal_to("1")),
        asked("t.b"),
        asked("t.c", row_filter=equal_to("1")),
        asked("t.d"),
    )
    drafts = draft_signals(source(), requests, BLOCKING)
    assert [collections(draft) for draft in drafts] == [["t.b", "t.d"], ["t.a"], ["t.c"]]


def test_topics_with_the_same_table_and_filter_stay_together() -> None:
    same = equal_to("1")
    requests = (asked("t.a", row_filter=same), asked("t.b", row_filter=same), asked("t.a", row_filter=same))
    drafts = draft_signals(source(), requests, BLOCKING)
    assert [collections(draft) for draft in drafts] == [["t.a", "t.a"], ["t.b"]]


def test_a_topic_too_long_for_any_signal_is_refused() -> None:
    with pytest.raises(SourceError) as caught:
        draft_signals(source(limit=100), (asked("public." + "x" * 100),), INCREMENTAL)
    assert (caught.value.code, caught.value.retryable) == (SnapshotErrorCode.SIGNAL_REJECTED, False)


def test_the_limit_of_the_table_means_nothing_to_kafka() -> None:
    requests = tuple(asked(f"public.table_{number}") for number in range(500))
    assert len(draft_signals(source(channel=SignalChannelKind.KAFKA, limit=10), requests, INCREMENTAL)) == 1


def test_a_filter_that_cannot_be_rendered_is_an_error() -> None:
    with pytest.raises(FilterError):
        draft_signals(source(dialect=Dialect.MONGODB), (asked("db.a", row_filter=equal_to("1")),), INCREMENTAL)


requests = st.builds(
    lambda name, **rest: asked(name, ambiguous=len(name) % 2 == 0, **rest),
    st.sampled_from(["public.a", "public.b", "public.c-d", "public.a,b", "inventory.a"])
    | st.text("abcdefgh._-, ", min_size=1, max_size=30).map(lambda name: f"public.{name}"),
    row_filter=st.none() | st.sampled_from(["1", "2"]).map(equal_to),
    surrogate_key=st.none() | st.sampled_from(["k1", "k2"]),
)


@given(st.lists(requests, max_size=20), st.sampled_from(SnapshotType), st.sampled_from([400, 600, 2048]))
def test_every_topic_is_in_exactly_one_signal_that_fits(
    asked_for: list[TopicRequest], snapshot_type: SnapshotType, limit: int
) -> None:
    drafts = draft_signals(source(limit=limit), tuple(asked_for), snapshot_type)
    assert sorted(map(repr, (topic for draft in drafts for topic in draft.topics))) == sorted(map(repr, asked_for))
    for draft in drafts:
        assert len(draft.data) <= limit
        assert draft.topics
        data = json.loads(draft.data)
        assert data["data-collections"]
        assert {topic.surrogate_key for topic in draft.topics} == {data.get("surrogate-key")}
        conditions = [condition["data-collection"] for condition in data.get("additional-conditions", [])]
        assert len(conditions) <= 1
        assert "surrogate-key" not in data or len(data["data-collections"]) == 1
        for collection in collections(draft):
            filters = {topic.filter for topic in draft.topics if topic.data_collection == collection}
            assert len(filters) == 1


@given(st.lists(requests, max_size=20), st.sampled_from(SnapshotType))
def test_topics_without_a_filter_keep_their_order(asked_for: list[TopicRequest], snapshot_type: SnapshotType) -> None:
    drafts = draft_signals(source(), tuple(asked_for), snapshot_type)
    for key in (None, "k1", "k2"):
        packed = [topic for draft in drafts for topic in draft.topics if topic.surrogate_key == key]
        plain = [topic for topic in packed if topic.filter is None]
        assert plain == [topic for topic in asked_for if topic.surrogate_key == key and topic.filter is None]


def test_kafka_signals_stay_below_a_mebibyte() -> None:
    assert KAFKA_DATA_LIMIT * 2 < 2**20


# What an entry means: Python's `re` reads these patterns as Java does.

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
