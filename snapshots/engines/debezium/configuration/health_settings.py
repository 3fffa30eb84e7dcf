"""Reads what the health checks need of a connector's configuration: a choice that can hold no secret. Pure."""

from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.ports.inspector import ConnectorSettings
from snapshots.vocabulary import Dialect

_DEFAULT_GROUP = "kafka-signal"  # docs: signal.kafka.groupId
_DEFAULT_PLUGIN = "decoderbufs"  # docs: plugin.name


def connector_settings(config: Config) -> ConnectorSettings:
    """Return the settings in effect, with Debezium's defaults for what is not set."""
    dialect = configuration.dialect(config)
    postgresql = dialect is Dialect.POSTGRESQL
    notification_channels = configuration.listed(config, "notification.enabled.channels", default="")
    return ConnectorSettings(
        dialect=dialect,
        topic_prefix=configuration.topic_prefix(config),
        channels=configuration.enabled_channels(config),
        signal_collection=configuration.signal_collection(config),
        signal_topic=configuration.signal_topic(config),
        has_signal_bootstrap=bool(config.get("signal.kafka.bootstrap.servers", "").strip()),
        signal_group=signal_group(config),
        read_only=configuration.read_only(config),
        deletes_watermarks=_word(config, "incremental.snapshot.watermarking.strategy", "") == "insert_delete",
        snapshot_mode=_word(config, "snapshot.mode", "initial"),
        notifies="sink" in notification_channels,
        notification_topic=configuration.notification_topic(config),
        publication=publication(config) if postgresql else None,
        slot=config.get("slot.name", "").strip() or "debezium" if postgresql else None,
    )


def signal_group(config: Config) -> str:
    """The consumer group in which signals are read."""
    return config.get("signal.kafka.groupId", "").strip() or _DEFAULT_GROUP


def publication(config: Config) -> str | None:
    """The publication that a PostgreSQL connector reads; None where its plug-in does without."""
    if _word(config, "plugin.name", _DEFAULT_PLUGIN) != "pgoutput":
        return None
    return config.get("publication.name", "").strip() or "dbz_publication"


def _word(config: Config, name: str, default: str) -> str:
    return (config.get(name, "").strip() or default).lower()
