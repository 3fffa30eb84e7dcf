"""What could not be read of a cluster, in sentences: what happened, what that means, and what to do. Pure."""

from collections.abc import Iterable, Sequence

from snapshots.engines.debezium.catalog.reading import ConnectorReading
from snapshots.ports.cluster_observer import Unreadable
from snapshots.ports.unknown import Unknown


def unreadable_of_cluster(
    cluster: str, existing: frozenset[str] | Unknown, readings: Sequence[ConnectorReading]
) -> Iterable[Unreadable]:
    """Tell what is about all connectors of a cluster, where it makes a difference."""
    if isinstance(existing, Unknown):
        consequence = "Whether topics exist is kept as it was; check kafka_bootstrap, then run sync again."
        yield Unreadable(cluster, None, f"{existing.reason} {consequence}")
    versions = [one.versions for one in readings if one.info.is_described and one.has_unread_version]
    if versions and isinstance(versions[0], Unknown):
        consequence = "The versions of its connectors are kept as they were; run sync again."
        yield Unreadable(cluster, None, f"{versions[0].reason} {consequence}")


def unreadable_of_connector(cluster: str, reading: ConnectorReading) -> Iterable[Unreadable]:
    """Tell what is about one connector."""
    name = reading.info.name
    if not reading.info.is_described:
        reason = (
            f"Kafka Connect did not report the configuration of connector {name}; this can happen while it rebalances."
        )
        yield Unreadable(cluster, name, f"{reason} The connector and its topics are kept as they were; run sync again.")
        return
    if "state" in reading.info.left_out:
        reason = f"Kafka Connect did not report the state of connector {name}; this can happen while it rebalances."
        yield Unreadable(cluster, name, f"{reason} State and version are kept as they were; run sync again.")
    if isinstance(reading.database, Unknown):
        reason = f"The database of connector {name} cannot be read ({reading.database.reason})."
        consequence = "Its topics and keys are kept as they were; check database_url_ref, then run sync again."
        yield Unreadable(cluster, name, f"{reason} {consequence}")
    if reading.has_unread_lists:
        reason = (
            f"The include and exclude lists of connector {name} hold a regular expression that only Java reads, or a "
            "reference to a configuration provider."
        )
        consequence = "Its topics are kept as they were; write the lists without it, or import the topics."
        yield Unreadable(cluster, name, f"{reason} {consequence}")
    if isinstance(reading.written, Unknown):
        consequence = f"The topics that connector {name} has written are kept as they were; run sync again."
        yield Unreadable(cluster, name, f"{reading.written.reason} {consequence}")
