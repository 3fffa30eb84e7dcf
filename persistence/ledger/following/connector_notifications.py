"""Which connectors a batch of notifications tells of, the snapshot that holds each, and who sent the signals named."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from snapshots.following.in_progress import ActiveSnapshot
from snapshots.following.notifications import Notification


@dataclass(frozen=True, slots=True)
class ConnectorNotifications:
    """What is told of one connector."""

    connector_id: str
    source_snapshot_id: str | None
    """The snapshot that holds it; its row is locked."""
    notifications: Sequence[Notification]
    last_end: datetime | None = None
    """When the snapshot ended that held it before in this batch, by the engine's clock."""
    is_over: bool = False
    """Whether the connector is retired and nothing holds it: no snapshot begins there."""


async def find_notifications(
    connection: AsyncConnection, tenant_id: str, cluster_id: str, notifications: Sequence[Notification]
) -> list[ConnectorNotifications]:
    """Return what `notifications` tell of each connector that they name, in the order of the connectors' ids.

    A connector is named by its topic prefix, on the notification topic and the cluster where it tells: prefixes repeat.
    """
    named = sorted({(one.topic, one.prefix) for one in notifications})
    rows = (
        await connection.execute(
            text("""
                SELECT c.id, c.notification_topic, c.topic_prefix, a.source_snapshot_id,
                       c.retired_at IS NOT NULL AND a.source_snapshot_id IS NULL AS is_over
                FROM connector c
                JOIN unnest(CAST(:topics AS text[]), CAST(:prefixes AS text[])) AS w(topic, prefix)
                  ON w.topic = c.notification_topic AND w.prefix = c.topic_prefix
                LEFT JOIN active_snapshot a ON a.tenant_id = c.tenant_id AND a.connector_id = c.id
                WHERE c.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
                ORDER BY c.id
            """),
            {
                "tenant_id": tenant_id,
                "cluster_id": cluster_id,
                "topics": [topic for topic, _ in named],
                "prefixes": [prefix for _, prefix in named],
            },
        )
    ).all()
    await _lock(connection, tenant_id, [row.source_snapshot_id for row in rows if row.source_snapshot_id is not None])
    by_name: dict[tuple[str, str], list[Notification]] = {}
    for one in notifications:
        by_name.setdefault((one.topic, one.prefix), []).append(one)
    return [
        ConnectorNotifications(
            row.id,
            row.source_snapshot_id,
            _in_order(by_name[row.notification_topic, row.topic_prefix]),
            is_over=row.is_over,
        )
        for row in rows
    ]


async def find_senders(
    connection: AsyncConnection,
    tenant_id: str,
    holders: Iterable[ActiveSnapshot],
    told: Iterable[ConnectorNotifications],
) -> dict[str, str]:
    """Return who sent each signal that is told of and is none of `holders`, by signal id: a source snapshot of ours.

    One statement, and none where all that is told carries the ids of the holders' signals.
    """
    known = {signal.id for holder in holders for signal in holder.signals}
    foreign = {one.id for each in told for one in each.notifications if one.incremental and one.id not in known}
    if not foreign:
        return {}
    rows = await connection.execute(
        text("""
            SELECT id, source_snapshot_id FROM signal
            WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[]))
        """),
        {"tenant_id": tenant_id, "ids": sorted(foreign)},
    )
    return {row.id: row.source_snapshot_id for row in rows}


async def _lock(connection: AsyncConnection, tenant_id: str, source_snapshot_ids: Sequence[str]) -> None:
    await connection.execute(
        text("""
            SELECT 1 FROM source_snapshot WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[]))
            ORDER BY id FOR UPDATE
        """),
        {"tenant_id": tenant_id, "ids": list(source_snapshot_ids)},
    )


def _in_order(notifications: list[Notification]) -> list[Notification]:
    """Return `notifications` as they happened: keys are ids, so those of one snapshot can be in several partitions."""
    if len({one.partition for one in notifications}) == 1:
        return notifications
    return sorted(notifications, key=lambda one: one.at)
