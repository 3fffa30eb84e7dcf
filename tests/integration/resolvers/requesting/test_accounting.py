"""Whatever the catalogue and the input: every distinct id is accounted for exactly once."""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persistence.database.pool import Database
from resolvers.principal import Principal
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.identifiers import is_valid_id
from snapshots.records import AnswerKind, BulkSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, SkipReason, SnapshotType, TopicProducer
from tests.integration.resolvers.bench import CLUSTER, fill, make_world
from tests.support.sizes import examples
from tests.support.waiting import FAULT_SECONDS

_TENANTS = count(1)


@dataclass(frozen=True)
class Case:
    catalogue: CatalogImport
    asked: tuple[str, ...]
    snapshot_type: SnapshotType
    states: tuple[ConnectorState | None, ...]
    """What Kafka Connect says of each connector; None for one that it does not know."""


@st.composite
def cases(draw: st.DrawFn) -> Case:
    connectors = [
        ImportedConnector(
            "main",
            f"connector-{number}",
            id=f"src_{number}",
            kind=draw(st.sampled_from(ConnectorKind)),
            dialect=Dialect.POSTGRESQL,
            topic_prefix=f"prefix{number}",
            signal_channel=draw(st.sampled_from([None, SignalChannelKind.RECORDING, SignalChannelKind.SOURCE_TABLE])),
            signal_collection="public.signals",
            signal_data_limit=draw(st.sampled_from([80, 150, 2048])),
        )
        for number in range(draw(st.integers(1, 4)))
    ]
    topics = [
        ImportedTopic(
            "main",
            f"topic-{number}",
            id=f"top_{number}",
            producer=draw(st.sampled_from([TopicProducer.SOURCE] * 4 + list(TopicProducer))),
            connector=draw(st.sampled_from([*(connector.name for connector in connectors)] * 3 + [None])),
            data_collection=draw(st.sampled_from(["public.a", "public.b", "public.c", f"public.t{number}", None])),
            keyless=draw(st.sampled_from([False, False, None, True])),
        )
        for number in range(draw(st.integers(1, 10)))
    ]
    known = st.sampled_from([topic.id or "" for topic in topics])
    unknown = st.text(min_size=1, max_size=20).filter(is_valid_id)
    return Case(
        CatalogImport((ImportedCluster("main", "http://connect.example", id=CLUSTER),), (*connectors,), (*topics,)),
        tuple(draw(st.lists(known | known | known | unknown, min_size=1, max_size=30))),
        draw(st.sampled_from(SnapshotType)),
        tuple(draw(st.lists(st.sampled_from([*ConnectorState, None]), min_size=4, max_size=4))),
    )


def expected_skip(case: Case, topic_id: str) -> SkipReason | None:
    topic = {topic.id: topic for topic in case.catalogue.topics}.get(topic_id)
    kinds = {connector.name: connector.kind for connector in case.catalogue.connectors}
    if topic is None:
        return SkipReason.TOPIC_NOT_FOUND
    if topic.producer is not TopicProducer.SOURCE or kinds.get(topic.connector or "") is not ConnectorKind.SOURCE:
        return SkipReason.NOT_FROM_SOURCE
    if topic.data_collection is None:
        return SkipReason.NO_DATA_COLLECTION
    if topic.keyless and case.snapshot_type is SnapshotType.INCREMENTAL:
        return SkipReason.KEYLESS_TABLE
    return None


def in_first_order(names: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(names))


def check_accounts(case: Case, record: BulkSnapshotRecord) -> None:
    distinct = in_first_order(case.asked)
    reasons = {topic_id: expected_skip(case, topic_id) for topic_id in distinct}
    assert [(skip.topic_id, skip.reason) for skip in record.skips] == [
        (topic_id, reason) for topic_id, reason in reasons.items() if reason is not None
    ]
    sent = [topic_id for topic_id, reason in reasons.items() if reason is None]
    connector_of = {topic.id: topic.connector for topic in case.catalogue.topics}
    assert [snapshot.source.name for snapshot in record.snapshots] == in_first_order(
        [connector_of[topic_id] or "" for topic_id in sent]
    )
    for snapshot in record.snapshots:
        assert [topic.topic.id for topic in snapshot.topics] == [
            topic_id for topic_id in sent if connector_of[topic_id] == snapshot.source.name
        ]


def check_answers(case: Case, record: BulkSnapshotRecord) -> None:
    for snapshot in record.snapshots:
        assert snapshot.answer is not None
        state = case.states[int(snapshot.source.id.removeprefix("src_"))]
        takes = snapshot.source.signal_channel is not None and state is not None and state.reads_signals
        fits = all(len(signal.data) <= snapshot.source.signal_data_limit for signal in snapshot.signals) or (
            snapshot.source.signal_channel is SignalChannelKind.RECORDING
        )
        assert fits
        if snapshot.state is SnapshotState.DISPATCHED:
            assert takes
            assert snapshot.answer.kind is AnswerKind.DISPATCHED
            named = [name for signal in snapshot.signals for name in json.loads(signal.data)["data-collections"]]
            assert sorted(named) == sorted({topic.data_collection for topic in snapshot.topics})
            assert {topic.signal_id for topic in snapshot.topics} == {signal.id for signal in snapshot.signals}
        else:
            assert snapshot.state is SnapshotState.FAILED
            assert not takes
            assert snapshot.answer.kind is AnswerKind.FAILED
            assert snapshot.answer.code is snapshot.code is not None


@settings(max_examples=examples(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(case=cases())
async def test_every_distinct_id_is_in_one_job_or_one_skip(database: Database, case: Case) -> None:
    tenant = f"tenant-{next(_TENANTS)}"
    world = make_world(database)
    await fill(world, case.catalogue, tenant)
    for connector, state in zip(case.catalogue.connectors, case.states, strict=False):
        if state is None:
            del world.connectors.states[connector.name]
        else:
            world.connectors.states[connector.name] = state
    async with asyncio.timeout(FAULT_SECONDS):
        record = await world.ask(*case.asked, principal=Principal(tenant, "somebody"), snapshot_type=case.snapshot_type)
    check_accounts(case, record)
    check_answers(case, record)
    dispatched = [snapshot for snapshot in record.snapshots if snapshot.state is SnapshotState.DISPATCHED]
    assert await world.held(tenant) == {snapshot.source.id: snapshot.id for snapshot in dispatched}
    assert sorted(world.channel.sends) == sorted(snapshot.signals[0].id for snapshot in dispatched)
    assert await world.bulk(record.id, tenant) == record
