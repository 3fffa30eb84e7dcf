"""The rows of snapshots that somebody else started, and the lock of their sources."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.ledger.evidence import describe
from persistence.ledger.following.connector_notifications import ConnectorNotifications
from persistence.ledger.source_locks import take_sources
from snapshots import identifiers
from snapshots.following.external import EXTERNAL
from snapshots.following.notifications import Notification
from snapshots.identifiers import IdMaker
from snapshots.records import AnswerKind
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotOrigin, SnapshotType

_MESSAGES = {
    SnapshotType.INCREMENTAL: "Started by somebody else; seen by what the connector told.",
    # A blocking one carries no id of ours, so that one of ours which begins late looks the same.
    SnapshotType.BLOCKING: "Started by somebody else, or abandoned before it began; seen by what the connector told.",
}
_REPEATED = "The engine runs a signal again that had ended, as after a restart; seen by what the connector told."


@dataclass(frozen=True, slots=True)
class _New:
    told: ConnectorNotifications
    source_snapshot_id: str
    bulk_id: str
    is_repeated: bool
    """Whether the engine runs a signal of ours again."""

    @property
    def first(self) -> Notification:
        return self.told.notifications[0]

    @property
    def snapshot_type(self) -> SnapshotType:
        return SnapshotType.INCREMENTAL if self.first.incremental else SnapshotType.BLOCKING


async def record_external(
    connection: AsyncConnection,
    tenant_id: str,
    shown: Sequence[ConnectorNotifications],
    repeated: Collection[str],
    ids: IdMaker,
    at: datetime,
) -> list[ConnectorNotifications]:
    """Record a snapshot for each of `shown` whose source is free; return those that were recorded.

    `repeated` are the ids of the connectors that run a signal of ours again.
    """
    wanted = [(one.connector_id, one.source_snapshot_id) for one in shown if one.source_snapshot_id is not None]
    won = await take_sources(connection, tenant_id, wanted)
    new = [
        _New(one, one.source_snapshot_id, ids(identifiers.BULK_SNAPSHOT), one.connector_id in repeated)
        for one in shown
        if one.source_snapshot_id is not None and one.source_snapshot_id in won
    ]
    if new:
        await connection.execute(insert(tables.bulk_snapshot), [_bulk_row(tenant_id, one, at) for one in new])
        await connection.execute(insert(tables.source_snapshot), [_source_row(tenant_id, one, at) for one in new])
        await connection.execute(insert(tables.ledger_event), [_event_row(tenant_id, one, at) for one in new])
    return [one.told for one in new]


def _bulk_row(tenant_id: str, new: _New, at: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "id": new.bulk_id,
        "operation": EXTERNAL,
        "snapshot_type": new.snapshot_type.value,
        "requested_by": EXTERNAL,
        "requested_at": at,
        "request_hash": b"",
        "answered_at": at,
    }


def _source_row(tenant_id: str, new: _New, at: datetime) -> dict[str, object]:
    return {
        "tenant_id": tenant_id,
        "id": new.source_snapshot_id,
        "bulk_snapshot_id": new.bulk_id,
        "connector_id": new.told.connector_id,
        "position": 0,
        "snapshot_type": new.snapshot_type.value,
        "state": SnapshotState.RUNNING.value,
        "requested_at": at,
        "started_at": new.first.at,
        "origin": SnapshotOrigin.EXTERNAL.value,
        "answer_kind": AnswerKind.DISPATCHED.value,
        "answer_message": _REPEATED if new.is_repeated else _MESSAGES[new.snapshot_type],
        "answer_retryable": False,
    }


def _event_row(tenant_id: str, new: _New, at: datetime) -> dict[str, object]:
    first = new.first
    return {
        "tenant_id": tenant_id,
        "at": at,
        "bulk_snapshot_id": new.bulk_id,
        "source_snapshot_id": new.source_snapshot_id,
        "subject_id": new.source_snapshot_id,
        "from_state": None,
        "to_state": SnapshotState.RUNNING.value,
        "cause": "run again by the engine" if new.is_repeated else "started by somebody else",
        "detail": {
            "notification": first.kind.value,
            "id": first.id,
            "at": first.at.isoformat(),
            "collections": ",".join(first.collections) or first.current_collection or first.scanned_collection,
            "place": f"{first.topic}/{first.partition}@{first.offset}",
            "evidence": describe(first),
        },
    }
