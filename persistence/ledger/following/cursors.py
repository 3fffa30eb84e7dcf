"""How far each notification topic has been read: what was applied, or set aside, is passed over."""

from collections.abc import Sequence

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from snapshots.following.notifications import Notification

_Place = tuple[str, int]
"""A notification topic and its partition."""


async def pass_over_known(
    connection: AsyncConnection, tenant_id: str, cluster_id: str, batch: Sequence[Notification]
) -> list[Notification]:
    """Return what of `batch` is new, and move the cursors past it; the cursors' rows stay locked till the end."""
    scope = {"tenant_id": tenant_id, "cluster_id": cluster_id}
    last: dict[_Place, Notification] = {(n.topic, n.partition): n for n in batch}
    places = sorted(last)
    arrays = {"topics": [topic for topic, _ in places], "partitions": [partition for _, partition in places]}
    await connection.execute(
        text("""
            INSERT INTO notification_cursor (tenant_id, cluster_id, topic, partition, next_offset, last_timestamp_ms)
            SELECT :tenant_id, :cluster_id, w.topic, w.partition, 0, 0
            FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS w(topic, partition)
            ON CONFLICT DO NOTHING
        """),
        {**scope, **arrays},
    )
    rows = await connection.execute(
        text("""
            SELECT c.topic, c.partition, c.next_offset, c.last_timestamp_ms FROM notification_cursor c
            JOIN unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[])) AS w(topic, partition)
              ON w.topic = c.topic AND w.partition = c.partition
            WHERE c.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
            ORDER BY c.topic, c.partition FOR UPDATE OF c
        """),
        {**scope, **arrays},
    )
    cursors = {(row.topic, row.partition): row for row in rows}
    fresh = [
        n
        for n in batch
        # A topic that was deleted and made anew starts at 0 again: its records are later than all we have seen.
        if n.offset >= cursors[n.topic, n.partition].next_offset
        or n.record_timestamp_ms > cursors[n.topic, n.partition].last_timestamp_ms
    ]
    moved: dict[_Place, tuple[int, int]] = {}
    for n in fresh:
        place = (n.topic, n.partition)
        latest = moved.get(place, (0, cursors[place].last_timestamp_ms))[1]
        moved[place] = (n.offset + 1, max(latest, n.record_timestamp_ms))
    await connection.execute(
        text("""
            UPDATE notification_cursor c SET next_offset = w.next_offset, last_timestamp_ms = w.last_timestamp_ms
            FROM unnest(CAST(:topics AS text[]), CAST(:partitions AS integer[]), CAST(:offsets AS bigint[]),
                        CAST(:timestamps AS bigint[])) AS w(topic, partition, next_offset, last_timestamp_ms)
            WHERE c.tenant_id = :tenant_id AND c.cluster_id = :cluster_id
              AND c.topic = w.topic AND c.partition = w.partition
        """),
        {
            **scope,
            "topics": [topic for topic, _ in moved],
            "partitions": [partition for _, partition in moved],
            "offsets": [offset for offset, _ in moved.values()],
            "timestamps": [timestamp for _, timestamp in moved.values()],
        },
    )
    return fresh
