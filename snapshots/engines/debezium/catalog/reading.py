"""What was read of one connector, and what the catalogue learns from that. Pure.

Three ways to a connector's topics, the better first: the tables of its database, passed through its include and
exclude lists; the tables that its include list names outright; the topics that Kafka Connect has seen it write.
Where one of them was tried and failed, what would have come from it is unknown.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from snapshots.engines.debezium.configuration import capture, naming
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.custom_keys import has_custom_key
from snapshots.engines.debezium.configuration.internal_topics import internal_topics
from snapshots.engines.debezium.connect.client import ConnectorInfo
from snapshots.engines.debezium.signal_channels.registration import choose_channel
from snapshots.engines.debezium.source_database.dialect import DatabaseTables
from snapshots.model import DOCUMENTED_SIGNAL_DATA_CHARACTERS
from snapshots.ports.cluster_observer import TOPICS, ObservedConnector, ObservedTopic
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorKind, TopicProducer

T = TypeVar("T")

_CONFIGURED = frozenset(
    {
        "connector_class",
        "dialect",
        "topic_prefix",
        "signal_channel",
        "signal_collection",
        "signal_topic",
        "signal_data_limit",
        "read_only",
        "notification_topic",
        TOPICS,
    }
)
"""All that comes from the configuration, or takes it to be found."""


@dataclass(frozen=True, slots=True)
class ConnectorReading:
    """What was read of a connector. None: not asked for; Unknown: asked for in vain."""

    info: ConnectorInfo
    reference: str | None
    """The reference to the credentials of its database."""
    database: DatabaseTables | Unknown | None
    written: frozenset[str] | Unknown
    """The topics that Kafka Connect has seen it write."""
    existing: frozenset[str] | Unknown
    """The topics of its Kafka; none where no address of it is known."""
    versions: Mapping[str, str] | Unknown
    """The versions of the installed connector classes."""

    @property
    def has_unread_lists(self) -> bool:
        """Whether its tables are known, and not which of them it captures."""
        return isinstance(self.database, DatabaseTables) and capture.captures(self.info.config) is None

    @property
    def version(self) -> str | None:
        """The version of the connector, where it was told."""
        return self.info.version or (_known(self.versions) or {}).get(self.info.connector_class or "")

    @property
    def has_unread_version(self) -> bool:
        """Whether there is a better word on the version than what was told: its state has it before its plugin."""
        return self.info.version is None and (bool(self.info.left_out) or isinstance(self.versions, Unknown))


def connector_of(reading: ConnectorReading, observed_at: datetime) -> ObservedConnector:
    """Return the connector as it was read."""
    info = reading.info
    config = info.config if info.kind is ConnectorKind.SOURCE else {}
    database, unknown = _known(reading.database), _unknown_of(reading)
    return ObservedConnector(
        name=info.name,
        kind=info.kind,
        connector_class=info.connector_class,
        version=reading.version,
        dialect=configuration.dialect(config),
        topic_prefix=configuration.topic_prefix(config),
        signal_channel=choose_channel(config, reading.reference),
        signal_collection=configuration.signal_collection(config),
        signal_topic=configuration.signal_topic(config),
        signal_data_limit=(database.signal_data_limit if database else None) or DOCUMENTED_SIGNAL_DATA_CHARACTERS,
        read_only=configuration.read_only(config),
        notification_topic=configuration.notification_topic(config),
        database_url_ref=reading.reference,
        state=info.state,
        state_observed_at=None if "state" in unknown else observed_at,
        unknown=unknown,
    )


def topics_of(reading: ConnectorReading) -> Iterable[ObservedTopic]:
    """Tell the topics that were found, but for the connector's own."""
    info = reading.info
    # What a sink lists as its topics it reads, so none of them is its product.
    if info.kind is not ConnectorKind.SOURCE or not reading.info.is_described:
        return
    config, own = info.config, internal_topics(info.config)
    existing, written = _known(reading.existing) or frozenset(), _known(reading.written) or frozenset()
    database = _known(reading.database)
    tables = {table.data_collection: table.keyless for table in database.tables} if database else None
    all_told = not isinstance(reading.written, Unknown) and not isinstance(reading.existing, Unknown)
    in_vain = isinstance(reading.database, Unknown) or reading.has_unread_lists
    for topic, collection in _routes(config, tables, written).items():
        if topic not in own:
            exists = topic in written or topic in existing
            guessed = in_vain and collection not in (tables or ())
            unknown = ({"data_collection", "keyless"} if guessed else set()) | (
                {"exists"} if not exists and not all_told else set()
            )
            yield ObservedTopic(
                name=topic,
                producer=TopicProducer.SOURCE,
                connector_name=info.name,
                data_collection=collection,
                keyless=_keyless(config, collection, tables or {}),
                exists=exists,
                unknown=frozenset(unknown),
                inferred=guessed and topic not in written,
            )


def _unknown_of(reading: ConnectorReading) -> frozenset[str]:
    left_out = reading.info.left_out
    unknown = set(left_out - {"config"})
    if "state" in left_out:
        unknown.add("state_observed_at")
    if reading.has_unread_version:
        unknown.add("version")
    if not reading.info.is_described:
        unknown |= _CONFIGURED
    if isinstance(reading.database, Unknown):
        unknown |= {"signal_data_limit", TOPICS}
    if isinstance(reading.written, Unknown) or reading.has_unread_lists:
        unknown.add(TOPICS)
    return frozenset(unknown)


def _known(value: T | Unknown | None) -> T | None:
    return None if isinstance(value, Unknown) else value


def _routes(
    config: Mapping[str, str], tables: Collection[str] | None, written: frozenset[str]
) -> dict[str, str | None]:
    """Return each topic with its data collection, where that is known."""
    captured = capture.captures(config)
    if tables is None or captured is None:
        collections: Collection[str] = capture.literal_collections(config)
        routes = {topic: naming.collection_of(config, topic) for topic in sorted(written)}
    else:
        collections = [name for name in tables if captured(name)]
        routes = dict.fromkeys(sorted(written))  # what no table accounts for: its table is gone, or it is routed
    for collection in collections:
        topic = naming.topic_of(config, collection)
        # Of two tables that share a topic, because of a character that topics do not have, the one named like it.
        if topic is not None and (not routes.get(topic) or naming.collection_of(config, topic) == collection):
            routes[topic] = collection
    return routes


def _keyless(config: Mapping[str, str], data_collection: str | None, tables: Mapping[str, bool]) -> bool | None:
    if data_collection is None:
        return None
    return (
        False if has_custom_key(config.get("message.key.columns", ""), data_collection) else tables.get(data_collection)
    )
