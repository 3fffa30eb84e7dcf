"""A source that is well in every respect, as it was observed; tests make it ill in one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from snapshots.channels import SignalChannelKind
from snapshots.health.findings import HealthCheck, HealthFinding, Severity
from snapshots.health.rules import assess
from snapshots.model import SourceConnector
from snapshots.ports.inspector import (
    ConnectorSettings,
    InspectedColumn,
    InspectedConnector,
    InspectedDatabase,
    InspectedKafka,
    InspectedReading,
    InspectedSignalling,
    InspectedSignalTable,
    InspectedSlot,
    InspectedTopic,
)
from snapshots.records import SignalRecord, SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import ConnectorState, Dialect, SnapshotType
from tests.support.factories import make_source

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
TABLE = "public.debezium_signal"


def source(channel: SignalChannelKind | None = SignalChannelKind.KAFKA) -> SourceConnector:
    return make_source(channel=channel)


def settings(**more: object) -> ConnectorSettings:
    values: dict[str, Any] = {
        "dialect": Dialect.POSTGRESQL,
        "topic_prefix": "prefix-src_1",
        "channels": ("source", "kafka"),
        "signal_collection": TABLE,
        "signal_topic": "prefix-src_1-signal",
        "has_signal_bootstrap": True,
        "signal_group": "src_1-signals",
        "deletes_watermarks": True,
        "snapshot_mode": "no_data",
        "notifies": True,
        "notification_topic": "notifications",
        "publication": "dbz_publication",
        "slot": "debezium",
    }
    return ConnectorSettings(**values | more)


def connector(given: ConnectorSettings | None = None, **more: object) -> InspectedConnector:
    values: dict[str, Any] = {
        "state": ConnectorState.RUNNING,
        "trace": None,
        "version": "3.7.0.Final",
        "settings": given or settings(),
        "signal_table_captured": True,
    }
    return InspectedConnector(**values | more)


def signal_table(**more: object) -> InspectedSignalTable:
    values: dict[str, Any] = {
        "columns": (
            InspectedColumn("id", "character varying", 42, not_null=True),
            InspectedColumn("type", "character varying", 32, not_null=True),
            InspectedColumn("data", "character varying", 2048, not_null=False),
        ),
        "primary_key": ("id",),
        "rows": 12,
        "lacking": (),
        "connector_lacking": (),
        "published": True,
    }
    return InspectedSignalTable(**values | more)


def database(table: InspectedSignalTable | None = None, **more: object) -> InspectedDatabase:
    values: dict[str, Any] = {
        "version": 16,
        "in_recovery": False,
        "read_only": False,
        "signal_table": table or signal_table(),
        "publication_exists": True,
        "slot": InspectedSlot(active=True, wal_status="reserved"),
    }
    return InspectedDatabase(**values | more)


def kafka(**more: object) -> InspectedKafka:
    values: dict[str, Any] = {
        "signal_topic": InspectedTopic(1, retention_ms=3_600_000, cleanup_policy="delete"),
        "notification_topic": InspectedTopic(1),
        "reading": InspectedReading(8),
    }
    return InspectedKafka(**values | more)


def observed(given: SourceConnector | None = None, **more: object) -> InspectedSignalling:
    values: dict[str, Any] = {
        "source": given or source(),
        "observed_at": NOW,
        "connector": connector(),
        "kafka": kafka(),
        "database": database(),
    }
    return InspectedSignalling(**values | more)


def troubles(seen: InspectedSignalling) -> dict[HealthCheck, Severity]:
    return {finding.code: finding.severity for finding in assess(seen) if finding.is_trouble}


def finding(seen: InspectedSignalling, code: HealthCheck) -> HealthFinding:
    [found] = [one for one in assess(seen) if one.code is code]
    return found


def record(state: SnapshotState, *signals: SignalRecord, **more: object) -> SourceSnapshotRecord:
    values: dict[str, Any] = {
        "id": "snap_1",
        "bulk_snapshot_id": "bulk_1",
        "source": source(),
        "snapshot_type": SnapshotType.INCREMENTAL,
        "state": state,
        "code": None,
        "message": None,
        "answer": None,
        "signals": signals,
        "topics": (),
        "requested_at": NOW - timedelta(hours=1),
        "dispatched_at": NOW - timedelta(hours=1),
        "started_at": None,
        "finished_at": None,
    }
    return SourceSnapshotRecord(**values | more)


def signal(destination: str | None = "prefix-src_1-signal/0@7", **more: object) -> SignalRecord:
    values: dict[str, Any] = {
        "id": "sig_1",
        "source_snapshot_id": "snap_1",
        "position": 0,
        "channel": SignalChannelKind.KAFKA,
        "data": "{}",
        "state": SignalState.SENT,
        "destination": destination,
        "sent_at": NOW - timedelta(hours=1),
        "ended_at": None,
    }
    return SignalRecord(**values | more)
