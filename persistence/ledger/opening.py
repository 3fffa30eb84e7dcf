"""Recording a bulk snapshot before anything is sent: one transaction that also takes the lock of each source."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.database import Database
from persistence.ledger.filters import filter_to_json
from snapshots import identifiers
from snapshots.identifiers import IdMaker
from snapshots.jobs import Plan, Refusal, SignalDraft, SourceJob
from snapshots.kinds import SnapshotErrorCode, SnapshotType
from snapshots.request import BulkSnapshotRequest
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState


@dataclass(frozen=True, slots=True)
class NewBulkSnapshot:
    """What is to be recorded."""

    tenant_id: str
    operation: str
    requested_by: str
    requested_at: datetime
    request: BulkSnapshotRequest
    plan: Plan


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """One source of an opened bulk snapshot; with a `refusal` it is FAILED already and holds nothing."""

    source_snapshot_id: str
    job: SourceJob
    signals: tuple[tuple[str, SignalDraft], ...]
    """The signals with their ids, in the order in which they are to be sent; none where it is refused."""
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class OpenedBulkSnapshot:
    """A bulk snapshot as recorded, in the order of its plan."""

    id: str
    sources: tuple[OpenedSource, ...]


class LedgerOpening:
    """Opens bulk snapshots."""

    def __init__(self, database: Database, ids: IdMaker, *, idempotency_days: int = 7) -> None:
        """Write to `database`, with new ids from `ids`; an idempotency key is remembered for `idempotency_days`."""
        self._database = database
        self._ids = ids
        self._key_life = timedelta(days=idempotency_days)

    async def open(self, new: NewBulkSnapshot, *, lease_until: datetime) -> OpenedBulkSnapshot | None:
        """Record `new` whole, or return None where its idempotency key has been used already.

        Sources that another snapshot holds are recorded as FAILED with SNAPSHOT_ALREADY_RUNNING. Until `lease_until`
        the caller is expected to send; afterwards the settle sweep may. Raises DatabaseError.
        """
        bulk_id = self._ids(identifiers.BULK_SNAPSHOT)
        async with self._database.write() as connection:
            if not await self._insert_bulk(connection, bulk_id, new):
                return None
            ids = [self._ids(identifiers.SOURCE_SNAPSHOT) for _ in new.plan.jobs]
            won = await _take_sources(connection, new.tenant_id, zip(ids, new.plan.jobs, strict=True))
            holders = await _holders(connection, new, won)
            sources = tuple(
                self._opened(source_id, job, _refusal(job, source_id in won, holders))
                for source_id, job in zip(ids, new.plan.jobs, strict=True)
            )
            await _insert_all(connection, tables.source_snapshot, _source_rows(bulk_id, new, sources))
            await _insert_all(connection, tables.signal, _signal_rows(new, sources, lease_until))
            await _insert_all(connection, tables.snapshot_topic, self._topic_rows(new, sources))
            await _insert_all(connection, tables.skipped_topic, _skip_rows(bulk_id, new))
            await _insert_all(connection, tables.ledger_event, _event_rows(bulk_id, new, sources))
        return OpenedBulkSnapshot(bulk_id, sources)

    async def _insert_bulk(self, connection: AsyncConnection, bulk_id: str, new: NewBulkSnapshot) -> bool:
        bulk = tables.bulk_snapshot
        if new.request.idempotency_key is not None:
            forgotten = new.requested_at - self._key_life
            await connection.execute(
                update(bulk)
                .where(
                    bulk.c.tenant_id == new.tenant_id,
                    bulk.c.requested_by == new.requested_by,
                    bulk.c.operation == new.operation,
                    bulk.c.idempotency_key == new.request.idempotency_key,
                    bulk.c.requested_at < forgotten,
                )
                .values(idempotency_key=None)
            )
        # Of two calls with the same key at the same time, the second waits here for the first one's commit.
        result = await connection.execute(
            upsert(bulk)
            .values(
                tenant_id=new.tenant_id,
                id=bulk_id,
                operation=new.operation,
                snapshot_type=new.request.snapshot_type.value,
                requested_by=new.requested_by,
                requested_at=new.requested_at,
                reason=new.request.reason,
                idempotency_key=new.request.idempotency_key,
                request_hash=new.request.hash,
            )
            .on_conflict_do_nothing(
                index_elements=["tenant_id", "requested_by", "operation", "idempotency_key"],
                index_where=text("idempotency_key IS NOT NULL"),
            )
            .returning(bulk.c.id)
        )
        return result.scalar_one_or_none() is not None

    def _opened(self, source_snapshot_id: str, job: SourceJob, refusal: Refusal | None) -> OpenedSource:
        drafts: Sequence[SignalDraft] = () if refusal else job.signals
        signals = tuple((self._ids(identifiers.SIGNAL), draft) for draft in drafts)
        return OpenedSource(source_snapshot_id, job, signals, refusal)

    def _topic_rows(self, new: NewBulkSnapshot, sources: Sequence[OpenedSource]) -> list[dict[str, Any]]:
        rows = []
        for source in sources:
            signal_of = {asked.topic.id: signal_id for signal_id, draft in source.signals for asked in draft.topics}
            state = TopicSnapshotState.FAILED if source.refusal else TopicSnapshotState.PENDING
            rows += [
                {
                    "tenant_id": new.tenant_id,
                    "id": self._ids(identifiers.TOPIC_SNAPSHOT),
                    "source_snapshot_id": source.source_snapshot_id,
                    "signal_id": signal_of.get(asked.topic.id),
                    "topic_id": asked.topic.id,
                    "position": position,
                    "data_collection": asked.data_collection,
                    "filter": filter_to_json(asked.filter),
                    "surrogate_key": asked.surrogate_key,
                    "state": state.value,
                    "finished_at": new.requested_at if source.refusal else None,
                }
                for position, asked in enumerate(source.job.topics)
            ]
        return rows


async def _take_sources(
    connection: AsyncConnection, tenant_id: str, candidates: "zip[tuple[str, SourceJob]]"
) -> frozenset[str]:
    """Take the lock of each source that is not refused; return the ids of the source snapshots that won theirs."""
    # In the order of the connectors' ids: two requests that took them in different orders would deadlock.
    wanted = sorted((job.source.id, source_id) for source_id, job in candidates if job.refusal is None)
    if not wanted:
        return frozenset()
    result = await connection.execute(
        text("""
            INSERT INTO active_snapshot (tenant_id, connector_id, source_snapshot_id)
            SELECT :tenant_id, w.connector_id, w.source_snapshot_id
            FROM unnest(CAST(:connectors AS text[]), CAST(:snapshots AS text[])) WITH ORDINALITY
                 AS w(connector_id, source_snapshot_id, place)
            ORDER BY w.place
            ON CONFLICT (tenant_id, connector_id) DO NOTHING
            RETURNING source_snapshot_id
        """),
        {
            "tenant_id": tenant_id,
            "connectors": [connector_id for connector_id, _ in wanted],
            "snapshots": [source_id for _, source_id in wanted],
        },
    )
    return frozenset(result.scalars())


async def _holders(connection: AsyncConnection, new: NewBulkSnapshot, won: frozenset[str]) -> dict[str, str]:
    """Which snapshot holds each source that was not won: source snapshot ids by connector id, for the message."""
    free = sum(job.refusal is None for job in new.plan.jobs)
    if free == len(won):
        return {}
    active = tables.active_snapshot
    result = await connection.execute(
        select(active.c.connector_id, active.c.source_snapshot_id).where(
            active.c.tenant_id == new.tenant_id,
            active.c.connector_id == text("ANY(CAST(:connector_ids AS text[]))"),
            active.c.source_snapshot_id != text("ALL(CAST(:won AS text[]))"),
        ),
        {"connector_ids": [job.source.id for job in new.plan.jobs], "won": list(won)},
    )
    return {row.connector_id: row.source_snapshot_id for row in result}


def _refusal(job: SourceJob, won: bool, holders: dict[str, str]) -> Refusal | None:  # noqa: FBT001 (private)
    if job.refusal or won:
        return job.refusal
    holder = holders.get(job.source.id)
    which = f" ({holder})" if holder else ""
    message = f"A snapshot is already running on {job.source.name}{which}; ask again when it has ended."
    return Refusal(SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING, message, retryable=True)


def _source_rows(bulk_id: str, new: NewBulkSnapshot, sources: Sequence[OpenedSource]) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": new.tenant_id,
            "id": source.source_snapshot_id,
            "bulk_snapshot_id": bulk_id,
            "connector_id": source.job.source.id,
            "position": position,
            "snapshot_type": SnapshotType(new.request.snapshot_type).value,
            "state": _first_state(source).value,
            "code": source.refusal and source.refusal.code.value,
            "message": source.refusal.message if source.refusal else source.job.warning,
            "requested_at": new.requested_at,
            "finished_at": new.requested_at if source.refusal else None,
        }
        for position, source in enumerate(sources)
    ]


def _signal_rows(new: NewBulkSnapshot, sources: Sequence[OpenedSource], lease_until: datetime) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": new.tenant_id,
            "id": signal_id,
            "source_snapshot_id": source.source_snapshot_id,
            "position": position,
            "channel": source.job.source.signal_channel,
            "data": draft.data,
            "state": SignalState.PENDING.value,
            # Only the first is due now; each other one when that before it has ended.
            "lease_until": lease_until if position == 0 else None,
        }
        for source in sources
        for position, (signal_id, draft) in enumerate(source.signals)
    ]


def _skip_rows(bulk_id: str, new: NewBulkSnapshot) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": new.tenant_id,
            "bulk_snapshot_id": bulk_id,
            "position": position,
            "topic_id": skip.topic_id,
            "reason": skip.reason.value,
            "message": skip.message,
        }
        for position, skip in enumerate(new.plan.skips)
    ]


def _event_rows(bulk_id: str, new: NewBulkSnapshot, sources: Sequence[OpenedSource]) -> list[dict[str, Any]]:
    return [
        {
            "tenant_id": new.tenant_id,
            "at": new.requested_at,
            "bulk_snapshot_id": bulk_id,
            "source_snapshot_id": source.source_snapshot_id,
            "subject_id": source.source_snapshot_id,
            "from_state": None,
            "to_state": _first_state(source).value,
            "cause": f"requested by {new.requested_by}",
            "detail": {"code": source.refusal.code.value, "message": source.refusal.message} if source.refusal else {},
        }
        for source in sources
    ]


def _first_state(source: OpenedSource) -> SnapshotState:
    return SnapshotState.FAILED if source.refusal else SnapshotState.PENDING


async def _insert_all(connection: AsyncConnection, table: Any, rows: list[dict[str, Any]]) -> None:  # noqa: ANN401
    if rows:
        await connection.execute(insert(table), rows)
