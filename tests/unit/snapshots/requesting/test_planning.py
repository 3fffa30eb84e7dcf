"""The plan: no topic is lost or doubled, order is that of the request, what cannot work is refused with a reason."""

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.channels import SignalChannelKind
from snapshots.filters import FilterOperator
from snapshots.model import SourceConnector, Topic
from snapshots.plan import Finding, Plan
from snapshots.requesting.planning import make_plan
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.vocabulary import ConnectorKind, Dialect, SkipReason, SnapshotErrorCode, SnapshotType, TopicProducer
from tests.support.factories import make_filter, make_request, make_source, make_topic


def plan_of(request: BulkSnapshotRequest, *topics: Topic) -> Plan:
    return make_plan(request, {topic.id: topic for topic in topics})


def skipped(plan: Plan) -> dict[str, SkipReason]:
    return {skip.topic_id: skip.reason for skip in plan.skips}


def planned(plan: Plan) -> list[list[str]]:
    return [[topic.topic.id for topic in job.topics] for job in plan.jobs]


# Few ids over few sources, so that every example has repetitions, unknown ids and sources in mixed order.
ids = [f"t{number}" for number in range(12)]
sources = st.builds(
    make_source,
    st.sampled_from(["src_a", "src_b", "src_c"]),
    kind=st.sampled_from([ConnectorKind.SOURCE] * 3 + [ConnectorKind.SINK]),
    dialect=st.sampled_from([Dialect.POSTGRESQL, Dialect.MONGODB]),
    channel=st.sampled_from([None, *SignalChannelKind]),
    signal_collection=st.sampled_from([None, "public.signals"]),
    signal_data_limit=st.integers(60, 300),
)


@st.composite
def catalogues(draw: st.DrawFn) -> Mapping[str, Topic]:
    by_id = {source.id: source for source in draw(st.lists(sources, min_size=1))}
    return {
        topic_id: replace(
            make_topic(topic_id, draw(st.sampled_from([None, *by_id.values()]))),
            producer=draw(st.sampled_from([TopicProducer.SOURCE] * 4 + list(TopicProducer))),
            data_collection=draw(st.sampled_from([f"public.{topic_id}", "public.shared", "", " ", None])),
            keyless=draw(st.sampled_from([True, False, None])),
        )
        for topic_id in draw(st.sets(st.sampled_from(ids)))
    }


@st.composite
def requests(draw: st.DrawFn) -> BulkSnapshotRequest:
    asked = draw(st.lists(st.sampled_from(ids), min_size=1))
    snapshot_type = draw(st.sampled_from(SnapshotType))
    keys = st.sampled_from([None, "k1", "k2"]) if snapshot_type is SnapshotType.INCREMENTAL else st.none()
    filters = st.none() | st.builds(make_filter, values=st.tuples(st.text("ab'\\", max_size=40)))
    options = tuple(
        TopicOptions(topic_id, draw(filters), draw(keys)) for topic_id in draw(st.sets(st.sampled_from(asked)))
    )
    return make_request(*asked, snapshot_type=snapshot_type, options=options)


@given(requests(), catalogues())
def test_every_distinct_id_is_in_exactly_one_job_or_one_skip(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic]
) -> None:
    plan = make_plan(request, routes)

    told = [topic_id for job in planned(plan) for topic_id in job] + [skip.topic_id for skip in plan.skips]
    assert sorted(told) == sorted(set(request.topic_ids))


@given(requests(), catalogues())
def test_sources_topics_and_skips_are_in_order_of_first_appearance(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic]
) -> None:
    plan = make_plan(request, routes)

    place = {topic_id: request.topic_ids.index(topic_id) for topic_id in request.topic_ids}
    jobs = [[place[topic_id] for topic_id in job] for job in planned(plan)]
    assert all(job == sorted(job) for job in jobs)
    assert [job[0] for job in jobs] == sorted(job[0] for job in jobs)
    assert [place[skip.topic_id] for skip in plan.skips] == sorted(place[skip.topic_id] for skip in plan.skips)


@given(requests(), catalogues())
def test_each_source_has_one_job_with_topics_of_its_own_only(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic]
) -> None:
    plan = make_plan(request, routes)

    assert len({job.source.id for job in plan.jobs}) == len(plan.jobs)
    for job in plan.jobs:
        assert all(topic.topic.source == job.source for topic in job.topics)


@given(requests(), catalogues())
def test_a_job_signals_each_of_its_topics_once_or_is_refused_and_signals_none(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic]
) -> None:
    for job in make_plan(request, routes).jobs:
        signalled = [topic.topic.id for signal in job.signals for topic in signal.topics]
        expected = [] if job.refusal else [topic.topic.id for topic in job.topics]
        assert sorted(signalled) == sorted(expected)
        assert job.topics
        assert bool(job.signals) is (job.refusal is None)


@given(requests(), catalogues())
def test_a_topic_keeps_what_was_asked_of_it(request: BulkSnapshotRequest, routes: Mapping[str, Topic]) -> None:
    asked = {option.topic_id: option for option in request.options}
    for job in make_plan(request, routes).jobs:
        for topic in job.topics:
            option = asked.get(topic.topic.id, TopicOptions(topic.topic.id))
            assert (topic.filter, topic.surrogate_key) == (option.filter, option.surrogate_key)


@given(requests(), catalogues())
def test_no_signal_names_nothing_or_more_than_its_topics(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic]
) -> None:
    """An empty `data-collections`, or an empty entry in it, may select every table (docs/debezium.md)."""
    for job in make_plan(request, routes).jobs:
        for signal in job.signals:
            entries = json.loads(signal.data)["data-collections"]
            assert entries
            assert set(entries) == {topic.data_collection for topic in signal.topics}
            assert all(entry.strip() for entry in entries)


def test_topics_are_grouped_by_source_in_the_order_in_which_they_were_named() -> None:
    shop, billing = make_source("src_shop"), make_source("src_billing")
    topics = [make_topic("b1", billing), make_topic("s1", shop), make_topic("b2", billing), make_topic("s2", shop)]

    plan = plan_of(make_request("s2", "b2", "s1", "b1", "s2"), *topics)

    assert [job.source.id for job in plan.jobs] == ["src_shop", "src_billing"]
    assert planned(plan) == [["s2", "s1"], ["b2", "b1"]]
    assert plan.skips == ()


@pytest.mark.parametrize(
    ("topic", "reason"),
    [
        pytest.param(make_topic("t"), SkipReason.NOT_FROM_SOURCE, id="no source"),
        pytest.param(
            make_topic("t", make_source(kind=ConnectorKind.SINK)), SkipReason.NOT_FROM_SOURCE, id="read by a sink"
        ),
        pytest.param(
            make_topic("t", make_source(), producer=TopicProducer.TRANSFORM),
            SkipReason.NOT_FROM_SOURCE,
            id="made by a transform",
        ),
        pytest.param(
            make_topic("t", make_source(), producer=TopicProducer.DESTINATION),
            SkipReason.NOT_FROM_SOURCE,
            id="made by a destination",
        ),
        pytest.param(
            make_topic("t", make_source(), producer=TopicProducer.MANUAL), SkipReason.NOT_FROM_SOURCE, id="made by hand"
        ),
        pytest.param(
            replace(make_topic("t", make_source()), data_collection=None),
            SkipReason.NO_DATA_COLLECTION,
            id="table not known",
        ),
        pytest.param(
            replace(make_topic("t", make_source()), data_collection=""), SkipReason.NO_DATA_COLLECTION, id="no table"
        ),
        pytest.param(
            replace(make_topic("t", make_source()), data_collection=" \t"),
            SkipReason.NO_DATA_COLLECTION,
            id="blank table, which Debezium would trim to one that may match all",
        ),
        pytest.param(make_topic("t", make_source(), keyless=True), SkipReason.KEYLESS_TABLE, id="keyless table"),
        pytest.param(
            replace(make_topic("t", make_source()), data_collection="public.x y"),
            SkipReason.UNSAFE_NAME,
            id="a name that stops the connector",
        ),
    ],
)
def test_topics_that_are_skipped(topic: Topic, reason: SkipReason) -> None:
    plan = plan_of(make_request("t"), topic)

    assert skipped(plan) == {"t": reason}
    assert plan.skips[0].topic == topic
    assert plan.skips[0].message
    assert plan.jobs == ()


def test_a_topic_that_is_not_known_is_skipped() -> None:
    plan = plan_of(make_request("no such topic"))

    assert skipped(plan) == {"no such topic": SkipReason.TOPIC_NOT_FOUND}
    assert plan.skips[0].topic is None


def test_a_blocking_snapshot_reads_a_table_with_blanks_in_its_name() -> None:
    topic = replace(make_topic("t", make_source()), data_collection="public.x y")

    assert planned(plan_of(replace(make_request("t"), snapshot_type=SnapshotType.BLOCKING), topic)) == [["t"]]


def test_a_topic_of_which_the_database_tells_something_is_skipped_with_that() -> None:
    source = make_source()
    routes = {id: make_topic(id, source) for id in ("t1", "t2", "t3")}
    findings = {
        "t2": Finding(SkipReason.FILTER_REJECTED, 'column "no" does not exist'),
        "t3": Finding(SkipReason.UNSAFE_KEY, "Use BLOCKING."),
    }

    plan = make_plan(make_request("t3", "t1", "t2"), routes, findings)

    assert planned(plan) == [["t1"]]
    assert skipped(plan) == {"t3": SkipReason.UNSAFE_KEY, "t2": SkipReason.FILTER_REJECTED}
    assert [skip.message for skip in plan.skips] == ["Use BLOCKING.", 'column "no" does not exist']


def test_a_source_whose_topics_all_are_skipped_has_no_job() -> None:
    findings = {"t": Finding(SkipReason.UNSAFE_KEY, "Use BLOCKING.")}

    assert make_plan(make_request("t"), {"t": make_topic("t", make_source())}, findings).jobs == ()


def test_skips_do_not_keep_other_topics_of_the_source_from_being_read() -> None:
    source = make_source()

    plan = plan_of(make_request("t1", "gone", "t2"), make_topic("t1", source), make_topic("t2", source, keyless=True))

    assert planned(plan) == [["t1"]]
    assert skipped(plan) == {"gone": SkipReason.TOPIC_NOT_FOUND, "t2": SkipReason.KEYLESS_TABLE}


@pytest.mark.parametrize("snapshot_type", SnapshotType)
@pytest.mark.parametrize("keyless", [True, False, None])
@pytest.mark.parametrize("surrogate_key", [None, "id"])
def test_only_a_table_known_to_be_keyless_is_kept_from_an_incremental_snapshot(
    snapshot_type: SnapshotType, *, keyless: bool | None, surrogate_key: str | None
) -> None:
    """With a surrogate key as well: it would lose rows (docs/debezium.md)."""
    request = make_request("t", snapshot_type=snapshot_type, options=(TopicOptions("t", surrogate_key=surrogate_key),))

    plan = plan_of(request, make_topic("t", make_source(), keyless=keyless))

    is_kept_back = snapshot_type is SnapshotType.INCREMENTAL and keyless is True
    assert skipped(plan) == ({"t": SkipReason.KEYLESS_TABLE} if is_kept_back else {})


@pytest.mark.parametrize(
    ("source", "code"),
    [
        pytest.param(make_source(channel=None), SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, id="no channel"),
        pytest.param(
            make_source(channel=SignalChannelKind.SOURCE_TABLE, signal_collection=None),
            SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED,
            id="no signal table",
        ),
        pytest.param(
            make_source(dialect=Dialect.MONGODB), SnapshotErrorCode.FILTER_NOT_SUPPORTED, id="filters are not SQL"
        ),
        pytest.param(
            make_source(channel=SignalChannelKind.SOURCE_TABLE, signal_data_limit=90),
            SnapshotErrorCode.SIGNAL_REJECTED,
            id="one topic is too long for the signal table",
        ),
    ],
)
def test_a_source_that_cannot_take_its_part_is_refused_with_all_its_topics(
    source: SourceConnector, code: SnapshotErrorCode
) -> None:
    well = make_source("src_well")
    request = make_request("t1", "w", "t2", options=(TopicOptions("t2", make_filter(values=("x" * 20,))),))

    plan = plan_of(request, make_topic("t1", source), make_topic("t2", source), make_topic("w", well))

    refused, sent = plan.jobs
    assert refused.refusal is not None
    assert (refused.refusal.code, refused.refusal.retryable) == (code, False)
    assert [topic.topic.id for topic in refused.topics] == ["t1", "t2"]
    assert refused.signals == ()
    assert sent.refusal is None
    assert len(sent.signals) == 1


def test_a_signal_table_is_not_needed_for_signals_over_kafka() -> None:
    source = make_source(channel=SignalChannelKind.KAFKA, signal_collection=None)

    plan = plan_of(make_request("t"), make_topic("t", source))

    assert plan.jobs[0].refusal is None


def test_filters_reach_the_signal_rendered_for_the_source() -> None:
    request = make_request("t", options=(TopicOptions("t", make_filter("note", FilterOperator.EQ, ("it's",))),))

    plan = plan_of(request, make_topic("t", make_source()))

    data = json.loads(plan.jobs[0].signals[0].data)
    assert data["additional-conditions"] == [{"data-collection": "public.t", "filter": "\"note\" = 'it''s'"}]
