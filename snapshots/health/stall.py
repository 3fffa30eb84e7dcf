"""A snapshot that gives no sign of life: since when, and the possible causes, the likeliest first. Pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from snapshots.channels import traits_of
from snapshots.health.findings import HealthCheck, HealthFinding, Severity, info, warning
from snapshots.health.kafka import poisoned, unread
from snapshots.health.rules import assess
from snapshots.ports.inspector import InspectedConnector, InspectedKafka, InspectedReading, InspectedSignalling
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import ConnectorState, SnapshotType

_C = HealthCheck
# A signal that was never read: first what stops all reading, then what misdirects this one, then what is missing.
_UNSTARTED = (
    _C.CONNECTOR_STATE,
    _C.SIGNAL_READING,
    _C.SIGNAL_CHANNELS,
    _C.SIGNAL_TOPIC,
    _C.TOPIC_PREFIX,
    _C.SIGNAL_TABLE,
    _C.SIGNAL_TABLE_COLUMNS,
    _C.SIGNAL_TABLE_CAPTURED,
    _C.NOTIFICATIONS,
    _C.REPLICATION_SLOT,
    _C.SIGNAL_TOPIC_PARTITIONS,
    _C.SIGNAL_GROUP,
    _C.READ_ONLY,
    _C.DATABASE,
    _C.SIGNAL_TABLE_GRANTS,
    _C.SIGNAL_TABLE_KEY,
    _C.CAPTURED_TABLES,
    _C.SNAPSHOT_MODE,
    _C.DEAD_LETTERS,
)
# A snapshot that began and then stopped: it reads tables and writes watermarks that must come back to it.
_STANDING = (
    _C.CONNECTOR_STATE,
    _C.RESTART_REQUIRED,
    _C.SNAPSHOT_LOST,
    _C.SIGNAL_CHANNELS,
    _C.DATABASE,
    _C.SIGNAL_TABLE,
    _C.SIGNAL_TABLE_CAPTURED,
    _C.SIGNAL_TABLE_GRANTS,
    _C.SIGNAL_TABLE_KEY,
    _C.SIGNAL_TABLE_COLUMNS,
    _C.READ_ONLY,
    _C.REPLICATION_SLOT,
    _C.NOTIFICATIONS,
    _C.TOPIC_PREFIX,
    _C.CAPTURED_TABLES,
    _C.SNAPSHOT_MODE,
    _C.SIGNAL_READING,
    _C.DEAD_LETTERS,
)
# Parts that could not be checked come last.
_UNREACHED = (_C.KAFKA_CONNECT, _C.KAFKA, _C.DATABASE)


def silent_since(record: SourceSnapshotRecord) -> datetime | None:
    """Return the last sign of life of a snapshot that should give some: its send, its start or its progress.

    None if no sign is due: no signal was accepted yet, somebody paused it, or it has ended.
    """
    if record.state not in {SnapshotState.DISPATCHED, SnapshotState.RUNNING}:
        return None
    signs = [record.dispatched_at, *(signal.sent_at for signal in record.signals)]
    if record.state is SnapshotState.RUNNING:
        signs += [record.started_at, record.progressed_at]
    return max((sign for sign in signs if sign is not None), default=None)


def stalled_since(record: SourceSnapshotRecord, now: datetime, after: timedelta) -> datetime | None:
    """Return since when `record` has been silent, if that is longer than `after`; None if it is not stalled."""
    since = silent_since(record)
    return since if since is not None and now - since > after else None


def next_stall(records: Iterable[SourceSnapshotRecord], now: datetime, after: timedelta) -> datetime | None:
    """Return when the next of `records` will count as stalled if it stays silent; None if none will."""
    ends = (since + after for since in map(silent_since, records) if since is not None)
    return min((end for end in ends if end >= now), default=None)


def may_be_lost(record: SourceSnapshotRecord) -> bool:
    """Whether the connector's offsets should show `record` as running."""
    return record.snapshot_type is SnapshotType.INCREMENTAL and record.state is SnapshotState.RUNNING


def stall_causes(
    record: SourceSnapshotRecord, observed: InspectedSignalling, sight: OffsetsReport | None = None
) -> tuple[HealthFinding, ...]:
    """Return the possible causes why `record` is stalled, the likeliest first; at least one.

    `sight` is what the connector's offsets show; None if they were not read or cannot be read.
    """
    findings = [*assess(observed), *_lost(record, sight)]
    proof = _unread_signal(record, observed)
    if proof is not None:
        findings = [proof, *(finding for finding in findings if finding.code is not HealthCheck.SIGNAL_READING)]
    order = _UNSTARTED if record.state is SnapshotState.DISPATCHED else _STANDING
    causes = [*_ranked(findings, order, Severity.ERROR), *_ranked(findings, order, Severity.WARNING)]
    causes += _ranked(findings, _UNREACHED, Severity.UNKNOWN)
    return tuple(causes) or (_unexplained(record),)


def _ranked(
    findings: Iterable[HealthFinding], order: tuple[HealthCheck, ...], severity: Severity
) -> list[HealthFinding]:
    chosen = [finding for finding in findings if finding.severity is severity and finding.code in order]
    return sorted(chosen, key=lambda finding: order.index(finding.code))


def _unread_signal(record: SourceSnapshotRecord, observed: InspectedSignalling) -> HealthFinding | None:
    """Return the proof that the signal is in its topic and a running connector does not read it."""
    connector, kafka = observed.connector, observed.kafka
    if not isinstance(connector, InspectedConnector) or not isinstance(kafka, InspectedKafka):
        return None
    reading, offset = kafka.reading, _offset(record)
    if offset is None or not isinstance(reading, InspectedReading) or reading.committed is None:
        return None
    if connector.state is not ConnectorState.RUNNING or reading.committed > offset:
        return None
    name = connector.settings.signal_topic or observed.source.name
    before = tuple(place for place in reading.poison if place <= offset)
    return poisoned(name, reading) if before else unread(name, reading, offset)


def _lost(record: SourceSnapshotRecord, sight: OffsetsReport | None) -> list[HealthFinding]:
    """Return the sign that the engine has lost an incremental snapshot that was running.

    Debezium keeps it in its offsets, which Kafka Connect writes once a minute by default. If Kafka Connect is killed
    before that, but after the signal counted as read, Debezium does not resume the snapshot (seen on 3.6 with signals
    over Kafka).
    """
    if not may_be_lost(record) or sight is None or sight.correlation_id is not None:
        return []
    message = (
        "The connector's offsets show no running incremental snapshot. The engine may have lost it when its "
        "process was killed, or may have ended it without a notification."
    )
    remedy = "Release the source with `abandonSnapshots`, then request the snapshot again."
    return [warning(HealthCheck.SNAPSHOT_LOST, record.source.name, message, remedy)]


def _offset(record: SourceSnapshotRecord) -> int | None:
    """Return the offset of the signal in flight (`topic/0@offset` in its receipt), if it has had no effect yet."""
    seen = record.progressed_at or record.started_at
    for signal in record.signals:
        if signal.state is SignalState.SENT and traits_of(signal.channel).uses_topic:
            if seen is not None and signal.sent_at is not None and signal.sent_at < seen:
                return None  # the engine was at work after the send, so it has read the signal
            _, at, offset = (signal.destination or "").rpartition("@")
            return int(offset) if at and offset.isascii() and offset.isdigit() else None
    return None


def _unexplained(record: SourceSnapshotRecord) -> HealthFinding:
    message = "None of the checks explains the silence."
    if record.snapshot_type is SnapshotType.BLOCKING:
        message += " A blocking snapshot reports nothing while it reads a table, and a large table takes a long time."
    elif record.state is SnapshotState.DISPATCHED:
        message += " The connector may be far behind in the database's log and may not have reached the signal yet."
    remedy = "Read the connector's log; to release the source, use `abandonSnapshots`."
    return info(HealthCheck.UNEXPLAINED, record.source.name, message, remedy)
