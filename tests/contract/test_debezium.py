"""Signals as they are built here, channels as they are, notifications as they are read: against a real Debezium."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import partial
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import pytest

from sandbox.sources import connector_config
from sandbox.stack import Sandbox
from sandbox.topics import Record, read_topics
from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.catalog.kafka_topics import list_topics
from snapshots.engines.debezium.catalog.observer import KafkaConnectObserver
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.following.notifications import parse
from snapshots.engines.debezium.kafka import KafkaClients
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.signal_channels.signal_topic import SignalTopicChannel
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.following.in_progress import ActiveSignal, ActiveSnapshot, ActiveTopic
from snapshots.following.notifications import Notification
from snapshots.following.reducer import conclude, reduce_all
from snapshots.identifiers import utc_now
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.plan import TopicRequest
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.ports.signal_channel import OutgoingSignal, Presence, SignalChannel
from snapshots.signalling.names import stops_connector
from snapshots.signalling.packing import EXECUTE_SNAPSHOT, draft_signals
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import MappingKind, SnapshotType, TopicProducer, TopicSnapshotOutcome
from tests.contract.conftest import KnownSecrets, make_id, signal

pytestmark = pytest.mark.e2e

TIMEOUT_SECONDS = 30.0
INCREMENTAL, BLOCKING = SnapshotType.INCREMENTAL, SnapshotType.BLOCKING
UNSAFE_NAMES = ["x y", "it's", 'qu"ote', "back`tick", "two. parts"]
ODD_NAMES = [
    *UNSAFE_NAMES,
    "or-ders",
    "a,b",
    "we\\ird",
    "Ta$ble",
    "par(en)",
    "st*r",
    "plus+",
    "or|and",
    "br[a]ces{2}",
    "?!",
    "^up",
]


@dataclass(frozen=True)
class Debezium:
    """The sources of a sandbox as the catalogue would have them, and the channels that reach them."""

    sandbox: Sandbox
    observed: ObservedCluster
    cluster: Cluster
    table: SignalTableChannel
    topic: SignalTopicChannel
    last_offsets: dict[str, int]
    """The last record that was followed, by topic."""

    def source(self, name: str) -> SourceConnector:
        (found,) = [connector for connector in self.observed.connectors if connector.name == name]
        assert not found.unknown
        values = {field.name: getattr(found, field.name) for field in fields(found) if field.name != "unknown"}
        return SourceConnector(id=name, cluster=self.cluster, **values)

    def channel(self, source: SourceConnector) -> SignalChannel:
        return self.topic if source.signal_channel is SignalChannelKind.KAFKA else self.table

    async def snapshot(
        self, source: SourceConnector, snapshot_type: SnapshotType, requests: Sequence[TopicRequest]
    ) -> ActiveSnapshot:
        """Send the signals for `requests` one after the other, and follow them to the end, as the ledger does."""
        drafts = draft_signals(source, tuple(requests), snapshot_type)
        ids = [make_id("sig") for _ in drafts]
        active = ActiveSnapshot(
            "snap",
            snapshot_type,
            SnapshotState.DISPATCHED,
            None,
            tuple(ActiveSignal(id, position, SignalState.PENDING) for position, id in enumerate(ids)),
            tuple(
                ActiveTopic(f"{id}-{place}", id, request.data_collection, request.filter is not None)
                for id, draft in zip(ids, drafts, strict=True)
                for place, request in enumerate(draft.topics)
            ),
        )
        for id, draft in zip(ids, drafts, strict=True):
            if not active.state.is_terminal:
                active = await self.run(source, active, OutgoingSignal(id, EXECUTE_SNAPSHOT, draft.data))
        return active

    async def run(self, source: SourceConnector, active: ActiveSnapshot, sent: OutgoingSignal) -> ActiveSnapshot:
        """Send one signal of `active` and follow it to its end."""
        sending = replace(
            active,
            sending_since=utc_now(),
            signals=tuple(
                replace(one, state=SignalState.SENDING) if one.id == sent.id else one for one in active.signals
            ),
        )
        await self.channel(source).send(source, sent)
        topic = source.notification_topic
        assert topic is not None

        def followed(records: Sequence[Record]) -> ActiveSnapshot:
            # As the follower's cursor does: what ended the signal before must not count for this one.
            new = [record for record in records if record.offset > self.last_offsets.get(topic, -1)]
            told = reduce_all(sending, notifications(new, source))[0]
            return conclude(told)[0]  # as the sweep does for a table of which nothing was reported

        def ended(records: Sequence[Record]) -> bool:
            states = {one.id: one.state for one in followed(records).signals}
            return states[sent.id] is SignalState.ENDED

        records = await read_topics(self.sandbox.broker.bootstrap, [topic], ended, TIMEOUT_SECONDS)
        after = followed(records)
        self.last_offsets[topic] = max((record.offset for record in records), default=-1)
        return after


def notifications(records: Sequence[Record], source: SourceConnector) -> list[Notification]:
    """Return the notifications of `source` as the follower would hand them to the reducer."""
    parsed = [
        parse(
            json.dumps(record.value).encode(),
            cluster_id="c",
            topic=record.topic,
            partition=0,
            offset=record.offset,
            record_timestamp_ms=0,
        )
        for record in records
    ]
    return [one for one in parsed if one is not None and one.prefix == source.topic_prefix]


def asked(data_collection: str, *, ambiguous: bool = False, row_filter: RowFilter | None = None) -> TopicRequest:
    topic = Topic(
        id=f"top:{data_collection}",
        cluster_id="c",
        cluster_name="c",
        name=data_collection,
        producer=TopicProducer.SOURCE,
        source=None,
        data_collection=data_collection,
        mapping=MappingKind.DERIVED,
        keyless=False,
        exists=True,
        ambiguous=ambiguous,
    )
    return TopicRequest(topic, data_collection, row_filter)


def outcomes(active: ActiveSnapshot) -> dict[str, tuple[TopicSnapshotOutcome | None, int | None]]:
    return {topic.data_collection: (topic.outcome, topic.rows_scanned) for topic in active.topics}


@pytest.fixture(scope="module")
async def debezium(sandbox: Sandbox) -> AsyncIterator[Debezium]:
    name = "contract-odd"
    await sandbox.postgres.create_database(name)
    url = sandbox.postgres.url(name)
    connection = await asyncpg.connect(url)  # type: ignore[no-untyped-call]
    await connection.execute("CREATE TABLE debezium_signal (id text PRIMARY KEY, type text NOT NULL, data text)")
    for table in ODD_NAMES:
        await connection.execute(f"CREATE TABLE {quoted(table)} (id int PRIMARY KEY)")
        await connection.execute(f"INSERT INTO {quoted(table)} VALUES (1), (2)")
    await connection.close()
    config = odd_config(sandbox, name, url)
    await sandbox.broker.create_topics([config["notification.sink.topic.name"]])
    await sandbox.add_connector(name, config)
    cluster = Cluster("c", "sandbox", sandbox.connect.url, sandbox.broker.bootstrap)
    secrets = KnownSecrets({name: url, **{source: running.database_url for source, running in sandbox.sources.items()}})
    references = {f"{source}-connector": source for source in ("shop", "crm")} | {name: name}
    channel = SignalTopicChannel(KafkaClients())
    async with aiohttp.ClientSession() as session:
        look = partial(list_topics, KafkaClients())
        observer = KafkaConnectObserver(ConnectClient(session, secrets), SourceOpener(secrets), list_topics=look)
        observed = await observer.observe(cluster, references)
    yield Debezium(sandbox, observed, cluster, SignalTableChannel(SourceOpener(secrets)), channel, {})
    await channel.close()
    async with aiohttp.ClientSession() as session, session.delete(f"{sandbox.connect.url}/connectors/{name}") as answer:
        assert answer.status == 204


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def odd_config(sandbox: Sandbox, name: str, url: str) -> dict[str, str]:
    base = connector_config(
        sandbox.sources["shop"].source,
        host="127.0.0.1",
        port=sandbox.postgres.port,
        password=urlsplit(url).password or "",
        bootstrap=sandbox.broker.bootstrap,
    )
    changed: Mapping[str, str] = {
        "database.dbname": name,
        "topic.prefix": name,
        "slot.name": "contract_odd",
        "publication.name": "contract_odd",
        "schema.include.list": "public",
        "notification.sink.topic.name": f"{name}.notes",
    }
    return {**base, **changed}


@pytest.mark.parametrize(
    ("snapshot_type", "collection", "rows"),
    [
        pytest.param(INCREMENTAL, "public.price.list", 120, id="incremental, a dot in the name"),
        pytest.param(INCREMENTAL, "public.Orders", 40, id="incremental, a capital letter"),
        pytest.param(BLOCKING, "public.price.list", 120, id="blocking, a dot in the name"),
        pytest.param(BLOCKING, "public.Orders", 40, id="blocking, a capital letter"),
    ],
)
async def test_a_table_with_look_alikes_is_read_alone(
    debezium: Debezium, snapshot_type: SnapshotType, collection: str, rows: int
) -> None:
    source = debezium.source("shop-connector")
    started = datetime.now(UTC)
    active = await debezium.snapshot(source, snapshot_type, [asked(collection, ambiguous=True)])
    assert active.state is SnapshotState.COMPLETED
    assert outcomes(active) == {collection: (TopicSnapshotOutcome.SUCCEEDED, rows)}
    assert source.notification_topic is not None
    records = await read_topics(debezium.sandbox.broker.bootstrap, [source.notification_topic], lambda _: False, 0.5)
    read = {one.scanned_collection for one in notifications(records, source) if one.at >= started}
    assert read - {None} == {collection}


@pytest.mark.parametrize("ambiguous", [False, True])
@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
async def test_a_filter_is_applied(debezium: Debezium, snapshot_type: SnapshotType, *, ambiguous: bool) -> None:
    only_some = RowFilter(
        (RowCondition("id", FilterOperator.LE, ("7",)), RowCondition("id", FilterOperator.NE, ("3",)))
    )
    request = asked("public.Orders", ambiguous=ambiguous, row_filter=only_some)
    active = await debezium.snapshot(debezium.source("shop-connector"), snapshot_type, [request])
    assert active.topics[0].rows_scanned == 6


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
async def test_odd_names_are_read_and_reported(debezium: Debezium, snapshot_type: SnapshotType) -> None:
    source = debezium.source("contract-odd")
    collections = [f"public.{name}" for name in ODD_NAMES]
    assert set(collections) <= {topic.data_collection for topic in debezium.observed.topics}
    collections = [name for name in collections if not stops_connector(name, snapshot_type, source.dialect)]
    assert len(collections) == len(ODD_NAMES) - (len(UNSAFE_NAMES) if snapshot_type is INCREMENTAL else 0)
    active = await debezium.snapshot(source, snapshot_type, [asked(collection) for collection in collections])
    assert outcomes(active) == dict.fromkeys(collections, (TopicSnapshotOutcome.SUCCEEDED, 2))


async def test_a_filter_is_applied_to_a_table_with_a_blank_in_its_name(debezium: Debezium) -> None:
    """Debezium parses the name of the condition: one that it cannot parse ends the snapshot without a word."""
    only_one = RowFilter((RowCondition("id", FilterOperator.EQ, ("1",)),))
    requests = [asked(f"public.{name}", row_filter=only_one) for name in UNSAFE_NAMES]
    active = await debezium.snapshot(debezium.source("contract-odd"), BLOCKING, requests)
    expected = {f"public.{name}": (TopicSnapshotOutcome.SUCCEEDED, 1) for name in UNSAFE_NAMES}
    assert outcomes(active) == expected


REJECTED = RowFilter((RowCondition("no_such_column", FilterOperator.EQ, ("1",)),))


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
async def test_a_filter_that_the_database_rejects_harms_no_other_table(
    debezium: Debezium, snapshot_type: SnapshotType
) -> None:
    source = debezium.source("shop-connector")
    requests = [
        asked("public.price_list", row_filter=REJECTED),
        asked("public.products"),
        asked("public.price.list", ambiguous=True, row_filter=REJECTED),
        asked("public.Orders", ambiguous=True),
        asked("inventory.warehouses"),
        asked("public.customers", row_filter=RowFilter((RowCondition("id", FilterOperator.LE, ("5",)),))),
    ]
    active = await debezium.snapshot(source, snapshot_type, requests)
    assert active.state is SnapshotState.PARTIALLY_COMPLETED
    assert {name: outcome for name, (outcome, _) in outcomes(active).items()} == {
        "public.price_list": TopicSnapshotOutcome.FILTER_REJECTED,
        "public.products": TopicSnapshotOutcome.SUCCEEDED,
        "public.price.list": TopicSnapshotOutcome.FILTER_REJECTED,
        "public.Orders": TopicSnapshotOutcome.SUCCEEDED,
        "inventory.warehouses": TopicSnapshotOutcome.SUCCEEDED,
        "public.customers": TopicSnapshotOutcome.SUCCEEDED,
    }
    assert (await debezium.snapshot(source, INCREMENTAL, [asked("public.Orders")])).state is SnapshotState.COMPLETED


@pytest.mark.parametrize("snapshot_type", list(SnapshotType))
async def test_an_unknown_table_harms_no_other_table(debezium: Debezium, snapshot_type: SnapshotType) -> None:
    requests = [asked("public.nothing"), asked("public.products"), asked("public.price_list")]
    active = await debezium.snapshot(debezium.source("shop-connector"), snapshot_type, requests)
    told = TopicSnapshotOutcome.UNKNOWN_TABLE if snapshot_type is INCREMENTAL else TopicSnapshotOutcome.NOT_REPORTED
    assert outcomes(active) == {
        "public.nothing": (told, 0 if snapshot_type is INCREMENTAL else None),
        "public.products": (TopicSnapshotOutcome.SUCCEEDED, 300),
        "public.price_list": (TopicSnapshotOutcome.SUCCEEDED, 150),
    }


async def test_a_signal_of_which_no_name_is_understood_ends_at_once(debezium: Debezium) -> None:
    data = {"data-collections": ["public.x y"], "type": "INCREMENTAL"}  # not quoted
    sent = OutgoingSignal(make_id("sig"), EXECUTE_SNAPSHOT, json.dumps(data))
    active = await debezium.run(
        debezium.source("contract-odd"),
        ActiveSnapshot(
            "snap",
            INCREMENTAL,
            SnapshotState.DISPATCHED,
            None,
            (ActiveSignal(sent.id, 0, SignalState.PENDING),),
            (ActiveTopic("t", sent.id, "public.x y"),),
        ),
        sent,
    )
    assert active.state is SnapshotState.FAILED
    assert active.topics[0].outcome is TopicSnapshotOutcome.NOT_REPORTED


async def test_a_fence_triggers_nothing_and_poisons_nothing(debezium: Debezium) -> None:
    source = debezium.source("crm-connector")
    assert source.signal_channel is SignalChannelKind.KAFKA
    for _ in range(2):
        assert await debezium.topic.find(source, signal()) is Presence.ABSENT
        active = await debezium.snapshot(source, INCREMENTAL, [asked("public.accounts")])
        assert active.state is SnapshotState.COMPLETED


async def test_signals_by_table_are_found(debezium: Debezium) -> None:
    source = debezium.source("shop-connector")
    active = await debezium.snapshot(source, INCREMENTAL, [asked("public.Orders")])
    sent = OutgoingSignal(active.signals[0].id, EXECUTE_SNAPSHOT, "{}")
    assert await debezium.table.find(source, sent) is Presence.PRESENT
    assert await debezium.table.find(source, signal()) is Presence.ABSENT
