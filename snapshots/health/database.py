"""What the source database means for snapshots: its signal table, its slot, the tables of the catalogue. Pure."""

from collections.abc import Iterator

from snapshots.health.findings import HealthCheck, HealthFinding, error, info, ok, unknown, warning
from snapshots.health.names import some
from snapshots.health.signal_table import signal_table_findings
from snapshots.ports.inspector import (
    ConnectorSettings,
    InspectedConnector,
    InspectedDatabase,
    InspectedSignalling,
    InspectedSlot,
)
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorState


def database_findings(observed: InspectedSignalling) -> Iterator[HealthFinding]:
    """Yield the findings about the database and the connector's lists of its tables."""
    source, database = observed.source, observed.database
    connector = observed.connector if isinstance(observed.connector, InspectedConnector) else None
    if isinstance(database, Unknown):
        remedy = "Import database_url_ref for the connector, and check that the database can be reached from here."
        yield unknown(HealthCheck.DATABASE, source.name, database.reason, remedy)
    elif database is not None:
        yield _writable(observed, database, connector.settings if connector else None)
    if connector is not None and (database is None or isinstance(database, InspectedDatabase)):
        yield from signal_table_findings(source, connector, database)
    if connector is None:
        return
    if isinstance(database, InspectedDatabase) and connector.settings.slot is not None:
        yield _slot(connector, connector.settings.slot, database.slot)
    yield _captured(observed, connector, database if isinstance(database, InspectedDatabase) else None)


def _writable(
    observed: InspectedSignalling, database: InspectedDatabase, settings: ConnectorSettings | None
) -> HealthFinding:
    name = observed.source.name
    writes = observed.source.channel.uses_table or (settings is not None and not settings.read_only)
    why = None
    if database.in_recovery:
        why = "is in recovery (a standby)"
    elif database.read_only:
        why = "makes transactions read-only by default"
    if why is None:
        return ok(HealthCheck.DATABASE, name, f"PostgreSQL {database.version} answers and accepts writes.")
    message = f"The database {why}"
    if not writes:
        return ok(HealthCheck.DATABASE, name, f"{message}; the connector only reads.")
    remedy = "Point the connector at the primary, or set read.only=true and signal it over Kafka."
    return error(HealthCheck.DATABASE, name, f"{message}, so no signal or watermark can be written.", remedy)


def _slot(connector: InspectedConnector, name: str, slot: InspectedSlot | None) -> HealthFinding:
    code, running = HealthCheck.REPLICATION_SLOT, connector.state is ConnectorState.RUNNING
    # A connector that does not run reads no slot, and has its own finding.
    tell = error if running else warning
    if slot is None:
        message = "The replication slot does not exist in this database."
        return tell(code, name, message, "Check that Topicsnap's credentials belong to the connector's database.")
    if slot.wal_status == "lost":
        message = "The log that the replication slot needs is gone, so the connector cannot continue."
        return error(code, name, message, "Drop the slot and let the connector start with a new snapshot.")
    if not slot.active:
        message = "Nothing reads the replication slot, so signals and watermarks stay in the database's log."
        return tell(code, name, message, "Restart the connector's task and read its log.")
    if slot.wal_status == "unreserved":
        message = "The replication slot is about to lose its log, because the connector lags far behind."
        return warning(code, name, message, "Raise max_slot_wal_keep_size, or find the cause of the lag.")
    return ok(code, name, "The connector reads its replication slot.")


def _captured(
    observed: InspectedSignalling, connector: InspectedConnector, database: InspectedDatabase | None
) -> HealthFinding:
    name = observed.source.name
    if connector.uncaptured:
        message = (
            f"The connector does not capture these tables of topics in the catalogue: {some(connector.uncaptured)}."
        )
        remedy = "Add the tables to the connector's include list, or correct the topics' mapping."
        return error(HealthCheck.CAPTURED_TABLES, name, message, remedy)
    if database is not None and database.missing:
        message = f"These tables of topics in the catalogue do not exist: {some(database.missing)}."
        return error(
            HealthCheck.CAPTURED_TABLES, name, message, "Correct the topics' mapping, or run `topicsnap sync`."
        )
    if database is not None and database.unpublished:
        message = (
            f"The connector's publication does not include these tables: {some(database.unpublished)}. Their "
            "changes are not streamed, and a snapshot may not know them."
        )
        remedy = "Restart the connector (publication.autocreate.mode=filtered), or alter the publication."
        return warning(HealthCheck.CAPTURED_TABLES, name, message, remedy)
    if database is None:
        message = "The connector's lists include the catalogue's tables; the database was not checked."
        return info(HealthCheck.CAPTURED_TABLES, name, message)
    return ok(HealthCheck.CAPTURED_TABLES, name, "Every table of the catalogue exists and is captured.")
