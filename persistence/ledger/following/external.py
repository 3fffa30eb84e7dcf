"""Recording snapshots that somebody else started: they hold their source, as those that were asked for do."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.ledger.evidence import describe
from persistence.ledger.following.connector_notifications import ConnectorNotifications
from snapshots import identifiers
from snapshots.following.external import EXTERNAL, Known, first_of_external
from snapshots.following.in_progress import ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.notifications import Notification
from snapshots.identifiers import IdMaker
from snapshots.records import AnswerKind
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotOrigin, SnapshotType

Candidates = Mapping[str, Sequence[tuple[ActiveTopic, str]]]
"""By source snapshot id: topics that it may turn out to read, each with the id of the catalogue's topic."""

_MESSAGES = {
    SnapshotType.INCREMENTAL: "Started by somebody else; seen by what the connector told.",
    # A blocking one carries no id of ours, so that one of ours which begins late looks the same.
    SnapshotType.BLOCKING: "Started by somebody else, or abandoned before it began; seen by what the connector told.",
}
_REPEATED = "The engine runs a signal again that had ended, as after a restart; seen by what the connector told."


async def take_free(
    connection: AsyncConnection,
    tenant_id: str,
    told: Iterable[ConnectorNotifications],
    *,
    ids: IdMaker,
    at: datetime,
    not_before: datetime,
) -> list[ConnectorNotifications]:
    """Return those of `told` that a snapshot holds, after those that a free source's notifications show were recorded.

    What came before the snapshot on a free source is left out. A source that somebody takes at the same moment is left
    out as well: what is told of it then, it tells its new holder.
    """
    told = list(told)
    held = [one for one in told if one.source_snapshot_id is not None]
    free = [one for one in told if one.source_snapshot_id is None]
    known = await _known(connection, tenant_id, free, not_before) if free else {}
    shown = [
        replace(one, source_snapshot_id=ids(identifiers.SOURCE_SNAPSHOT), notifications=one.notifications[place:])
        for one in free
        if (place := first_of_external(one.notifications, known[one.connector_id])) is not None
    ]
    if shown:
        repeated = {one.connector_id for one in shown if known[one.connector_id].is_repeated(one.notifications[0])}
        held += await _record(connection, tenant_id, shown, repeated, ids, at)
    return held


async def candidates(
    connection: AsyncConnection,
    tenant_id: str,
    snapshots: Iterable[tuple[ConnectorNotifications, ActiveSnapshot]],
    ids: IdMaker,
) -> Candidates:
    """Return the topics of the catalogue that each of `snapshots` may read by what is told, but for those it has."""
    by_connector = {told.connector_id: (told, snapshot) for told, snapshot in snapshots}
    rows = await connection.execute(
        text("""
            SELECT id, connector_id, data_collection FROM topic
            WHERE tenant_id = :tenant_id AND connector_id = ANY(CAST(:connectors AS text[])) AND retired_at IS NULL
              AND (data_collection = ANY(CAST(:names AS text[])) OR position(',' IN data_collection) > 0)
            ORDER BY connector_id, name
        """),
        {
            "tenant_id": tenant_id,
            "connectors": list(by_connector),
            "names": sorted({name for told, _ in by_connector.values() for name in _names(told.notifications)}),
        },
    )
    found: dict[str, list[tuple[ActiveTopic, str]]] = defaultdict(list)
    for row in rows:
        _, snapshot = by_connector[row.connector_id]
        # A name that it has is settled, also where several topics share it: they were taken in together.
        if row.data_collection not in {topic.data_collection for topic in snapshot.topics}:
            topic = ActiveTopic(ids(identifiers.TOPIC_SNAPSHOT), None, row.data_collection)
            found[snapshot.source_snapshot_id].append((topic, row.id))
    return found


async def write_found(
    connection: AsyncConnection, tenant_id: str, changes: Mapping[str, SnapshotChanges], topic_ids: Mapping[str, str]
) -> None:
    """Record the topics that external snapshots were found to read; `topic_ids` names the catalogue's topic of each."""
    rows = [
        {
            "tenant_id": tenant_id,
            "id": topic.id,
            "source_snapshot_id": source_snapshot_id,
            "signal_id": None,
            "topic_id": topic_ids[topic.id],
            "position": position,
            "data_collection": topic.data_collection,
            "state": topic.state.value,
            "rows_scanned": topic.rows_scanned,
            "outcome": topic.outcome and topic.outcome.value,
            "engine_status": topic.engine_status,
            "started_at": topic.started_at,
            "finished_at": topic.finished_at,
        }
        for source_snapshot_id, changed in changes.items()
        for position, topic in enumerate(changed.found)
    ]
    if rows:
        await connection.execute(insert(tables.snapshot_topic), rows)


async def _known(
    connection: AsyncConnection, tenant_id: str, free: Sequence[ConnectorNotifications], not_before: datetime
) -> dict[str, Known]:
    """Return what is known of each source of `free`, by connector id."""
    connectors = [one.connector_id for one in free]
    signals = await connection.execute(
        text("""
            SELECT g.id, g.state = 'ENDED' AND s.state <> 'ABANDONED' AS ended FROM signal g
            JOIN source_snapshot s ON s.tenant_id = g.tenant_id AND s.id = g.source_snapshot_id
            WHERE g.tenant_id = :tenant_id AND g.id = ANY(CAST(:ids AS text[]))
        """),
        {"tenant_id": tenant_id, "ids": sorted({n.id for one in free for n in one.notifications if n.incremental})},
    )
    ours = {row.id: row.ended for row in signals}
    ended_ids = frozenset(id_ for id_, ended in ours.items() if ended)
    # What an operator gave up stays given up; what had fallen silent, and has a code for that, may speak again.
    abandoned = await connection.execute(
        text("""
            SELECT e.detail ->> 'id' AS id FROM source_snapshot s
            JOIN ledger_event e ON e.tenant_id = s.tenant_id AND e.bulk_snapshot_id = s.bulk_snapshot_id
             AND e.subject_id = s.id AND e.from_state IS NULL
            WHERE s.tenant_id = :tenant_id AND s.connector_id = ANY(CAST(:connectors AS text[]))
              AND s.origin = 'EXTERNAL' AND s.state = 'ABANDONED' AND s.code IS NULL
        """),
        {"tenant_id": tenant_id, "connectors": connectors},
    )
    signal_ids = ours.keys() | frozenset(abandoned.scalars())
    # A refusal of ours tells nothing of the engine, so only those count that were seen at work.
    rows = await connection.execute(
        text("""
            SELECT c.id, (
                SELECT max(last.finished_at) FROM (
                    SELECT s.finished_at, s.started_at FROM source_snapshot s
                    WHERE s.tenant_id = :tenant_id AND s.connector_id = c.id ORDER BY s.id DESC LIMIT 20
                ) AS last WHERE last.started_at IS NOT NULL
            ) AS ended_at
            FROM unnest(CAST(:connectors AS text[])) AS c(id)
        """),
        {"tenant_id": tenant_id, "connectors": connectors},
    )
    ends = {row.id: row.ended_at for row in rows}
    return {
        one.connector_id: Known(signal_ids, _later(ends[one.connector_id], one.last_end), not_before, ended_ids)
        for one in free
    }


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


async def _record(
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
    # In the order of the connectors' ids, as whoever opens a bulk snapshot does: else the two could deadlock.
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
            "connectors": [one.connector_id for one in shown],
            "snapshots": [one.source_snapshot_id for one in shown],
        },
    )
    won: Collection[str] = frozenset(result.scalars())
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


def _names(notifications: Iterable[Notification]) -> Iterable[str]:
    for one in notifications:
        yield from one.collections
        yield from filter(None, (one.scanned_collection, one.current_collection))


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max((moment for moment in (one, other) if moment is not None), default=None)
