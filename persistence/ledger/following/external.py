"""Recording snapshots that somebody else started: they hold their source, as those that were asked for do."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import tables
from persistence.ledger.following.connector_notifications import ConnectorNotifications
from persistence.ledger.following.external_recording import record_external
from persistence.ledger.following.free_sources import find_known
from snapshots import identifiers
from snapshots.following.external import first_of_external
from snapshots.following.in_progress import ActiveSnapshot, ActiveTopic, SnapshotChanges
from snapshots.following.notifications import Notification
from snapshots.identifiers import IdMaker

Candidates = Mapping[str, Sequence[tuple[ActiveTopic, str]]]
"""By source snapshot id: topics that it may turn out to read, each with the id of the catalogue's topic."""


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
    known = await find_known(connection, tenant_id, free, not_before) if free else {}
    shown = [
        replace(one, source_snapshot_id=ids(identifiers.SOURCE_SNAPSHOT), notifications=one.notifications[place:])
        for one in free
        if (place := first_of_external(one.notifications, known[one.connector_id])) is not None
    ]
    if shown:
        repeated = {one.connector_id for one in shown if known[one.connector_id].is_repeated(one.notifications[0])}
        held += await record_external(connection, tenant_id, shown, repeated, ids, at)
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


def _names(notifications: Iterable[Notification]) -> Iterable[str]:
    for one in notifications:
        yield from one.collections
        yield from filter(None, (one.scanned_collection, one.current_collection))
