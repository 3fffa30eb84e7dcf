"""Plain functions that make values of the core: each is valid as it is, and a test names only what it is about."""

from snapshots.channels import SignalChannelKind
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.model import Cluster, SourceConnector, Topic
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.vocabulary import ConnectorKind, Dialect, MappingKind, SnapshotType, TopicProducer


def make_cluster(id: str = "clu_1", *, connect_url: str | None = "http://connect.example:8083") -> Cluster:
    """A cluster that Kafka Connect can be asked of."""
    return Cluster(id=id, name=f"cluster {id}", connect_url=connect_url, kafka_bootstrap="kafka.example:9092")


def make_source(
    id: str = "src_1",
    *,
    cluster: Cluster | None = None,
    kind: ConnectorKind = ConnectorKind.SOURCE,
    dialect: Dialect = Dialect.POSTGRESQL,
    channel: SignalChannelKind | None = SignalChannelKind.KAFKA,
    signal_collection: str | None = "public.debezium_signal",
    signal_data_limit: int = 2048,
) -> SourceConnector:
    """A source connector with all that signalling over Kafka and over its signal table takes."""
    return SourceConnector(
        id=id,
        cluster=cluster or make_cluster(),
        name=f"connector {id}",
        kind=kind,
        dialect=dialect,
        topic_prefix=f"prefix-{id}",
        signal_channel=channel,
        signal_collection=signal_collection,
        signal_topic=f"prefix-{id}-signal",
        signal_data_limit=signal_data_limit,
        notification_topic="notifications",
    )


def make_topic(
    id: str = "top_1",
    source: SourceConnector | None = None,
    *,
    producer: TopicProducer = TopicProducer.SOURCE,
    data_collection: str | None = None,
    keyless: bool | None = False,
) -> Topic:
    """A topic of `source`, whose data collection is named after its id unless it is given."""
    cluster = source.cluster if source else make_cluster()
    return Topic(
        id=id,
        cluster_id=cluster.id,
        cluster_name=cluster.name,
        name=f"topic {id}",
        producer=producer,
        source=source,
        data_collection=data_collection or f"public.{id}",
        mapping=MappingKind.EXPLICIT if source else None,
        keyless=keyless,
        exists=True,
    )


def make_request(
    *topic_ids: str,
    snapshot_type: SnapshotType = SnapshotType.INCREMENTAL,
    options: tuple[TopicOptions, ...] = (),
    idempotency_key: str | None = None,
    reason: str | None = None,
) -> BulkSnapshotRequest:
    """A request for the topics named, as sent."""
    return BulkSnapshotRequest(topic_ids, snapshot_type, options, idempotency_key, reason)


def make_filter(
    column: str = "amount", operator: FilterOperator = FilterOperator.EQ, values: tuple[str, ...] = ("10",)
) -> RowFilter:
    """A filter of one condition."""
    return RowFilter((RowCondition(column, operator, values),))
