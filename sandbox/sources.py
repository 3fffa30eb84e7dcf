"""The source databases of the sandbox and their connectors, as data.

Three ways to signal a connector, one for each database: `shop` by its signal table, `billing` over Kafka with a signal
table for the watermarks, `crm` over Kafka with `read.only=true` and no table of Debezium's at all.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Literal

_TOPIC_CHARACTERS = re.compile(r"[^a-zA-Z0-9._-]")
_SIGNAL_TABLE = "public.debezium_signal"
_CHUNK_ROWS = 768
"""Some less than Debezium's 1,024, so that 100,000 rows take about ten seconds and progress can be watched."""
_SIGNAL_POLL_MS = 300

Channel = Literal["source", "kafka"]


@dataclass(frozen=True, slots=True)
class Source:
    """A database that is filled at the start, and the connector that captures it."""

    name: str
    """Of the database, the connector and the topic prefix alike."""
    channel: Channel
    """How the connector is signalled."""
    include: Mapping[str, str]
    """What it captures, in Debezium's own properties."""
    read_only: bool = False

    @property
    def topic_prefix(self) -> str:
        """The first part of its topics' names, and the key of its Kafka signals."""
        return self.name

    @property
    def connector(self) -> str:
        """The name of its connector."""
        return f"{self.name}-connector"

    @property
    def enabled_channels(self) -> tuple[Channel, ...]:
        """What Debezium listens to: its own watermarks come back by the channel `source`.

        With a signal table and without that channel, a snapshot starts and never gets past its first chunk (seen).
        """
        watermarks: tuple[Channel, ...] = () if self.read_only else ("source",)
        return tuple(dict.fromkeys((*watermarks, self.channel)))

    @property
    def signal_topic(self) -> str:
        """The topic of its Kafka signals, named as Debezium does by default."""
        return f"{self.topic_prefix}-signal"

    @property
    def notification_topic(self) -> str:
        """The topic of its notifications."""
        return f"{self.topic_prefix}.notifications"

    @property
    def signal_table(self) -> str | None:
        """The table of its signals or watermarks; None where it may only read."""
        return None if self.read_only else _SIGNAL_TABLE

    def sql(self) -> str:
        """Return the script that makes and fills its tables."""
        return files("sandbox").joinpath("sql", f"{self.name}.sql").read_text(encoding="utf-8")

    def topic(self, schema: str, table: str) -> str:
        """Return the topic of a table; characters that Kafka forbids are underscores (Debezium's default)."""
        return _TOPIC_CHARACTERS.sub("_", f"{self.topic_prefix}.{schema}.{table}")


SOURCES = (
    Source("shop", channel="source", include={"schema.include.list": "public,inventory"}),
    Source(
        "billing",
        channel="kafka",
        include={
            "table.include.list": r"public\.invoices,public\.payments,public\.tax_rates,public\.refunds,"
            r"public\.dunning_letters,public\.debezium_signal"
        },
    ),
    Source("crm", channel="kafka", include={"table.include.list": r"public\..*"}, read_only=True),
)


def connector_config(source: Source, *, host: str, port: int, password: str, bootstrap: str) -> dict[str, str]:
    """Return the configuration of the source's connector; the password in it is the database's superuser's."""
    channel = {
        "signal.enabled.channels": ",".join(source.enabled_channels),
        "signal.poll.interval.ms": str(_SIGNAL_POLL_MS),
    }
    if source.signal_table:
        channel["signal.data.collection"] = source.signal_table
        channel["incremental.snapshot.watermarking.strategy"] = "insert_delete"
    else:
        channel["read.only"] = "true"
    if source.channel == "kafka":
        channel["signal.kafka.topic"] = source.signal_topic
        channel["signal.kafka.bootstrap.servers"] = bootstrap
        channel["signal.kafka.groupId"] = f"{source.connector}-signals"
    return {
        "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
        "tasks.max": "1",
        "database.hostname": host,
        "database.port": str(port),
        "database.user": "postgres",
        "database.password": password,
        "database.dbname": source.name,
        "topic.prefix": source.topic_prefix,
        "plugin.name": "pgoutput",
        "publication.autocreate.mode": "filtered",
        "publication.name": f"{source.name}_publication",
        "slot.name": f"{source.name}_slot",
        "snapshot.mode": "no_data",
        "incremental.snapshot.chunk.size": str(_CHUNK_ROWS),
        "heartbeat.interval.ms": "0",
        "notification.enabled.channels": "sink",
        "notification.sink.topic.name": source.notification_topic,
        **source.include,
        **channel,
    }
