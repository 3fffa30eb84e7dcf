"""Packing: which topics share a signal, and the exact text of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.channels import TRAITS, SignalChannelKind
from snapshots.errors import FilterError, SourceError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.plan import SignalDraft, TopicRequest
from snapshots.signalling.packing import draft_signals
from snapshots.vocabulary import Dialect, MappingKind, SnapshotErrorCode, SnapshotType, TopicProducer

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
    limit = TRAITS[SignalChannelKind.KAFKA].data_limit
    assert limit is not None
    assert limit * 2 < 2**20
