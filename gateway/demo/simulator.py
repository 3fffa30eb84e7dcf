"""A stand-in for Debezium: takes signals and reports, a little later, snapshots that never happened."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

import orjson

from snapshots.engines.recording import RecordedSignal, RecordingChannel
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.signalling.names import plain_name
from snapshots.vocabulary import SnapshotType

Apply = Callable[[str, Sequence[Notification]], Awaitable[None]]
"""Applies notifications of a cluster, by its id, to the ledger."""

ROWS_A_SECOND = 25_000
_START_SECONDS = 0.3


class Simulator:
    """Answers each signal of `channel` with the notifications that Debezium would send, at a believable speed."""

    def __init__(self, rows: Mapping[tuple[str, str], int], *, rows_a_second: float = ROWS_A_SECOND) -> None:
        """Pretend that data collections, by topic prefix and name, have so many `rows`; others have none."""
        self.channel = RecordingChannel(self._arrived)
        self._rows = rows
        self._rows_a_second = rows_a_second
        self._apply: Apply | None = None
        self._offsets: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def report_to(self, apply: Apply) -> None:
        """Tell `apply` from now on."""
        self._apply = apply

    async def close(self) -> None:
        """End every simulated snapshot."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _arrived(self, recorded: RecordedSignal) -> None:
        task = asyncio.create_task(self._play(recorded))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _play(self, recorded: RecordedSignal) -> None:
        data = orjson.loads(recorded.signal.data)
        collections = tuple(plain_name(entry) for entry in data["data-collections"])
        base = _base(recorded, incremental=data["type"] == SnapshotType.INCREMENTAL)
        await asyncio.sleep(_START_SECONDS)
        await self._tell(replace(base, kind=NotificationKind.STARTED, collections=collections))
        for place, collection in enumerate(collections):
            rows = self._rows.get((base.prefix, collection), 0)
            left = replace(base, kind=NotificationKind.IN_PROGRESS, collections=collections[place:])
            await self._tell(replace(left, current_collection=collection))
            await asyncio.sleep(rows / self._rows_a_second)
            ended = replace(left, kind=NotificationKind.TABLE_SCAN_COMPLETED, scanned_collection=collection)
            await self._tell(replace(ended, status="SUCCEEDED" if rows else "EMPTY", rows_scanned=rows))
        await self._tell(replace(base, kind=NotificationKind.COMPLETED))

    async def _tell(self, notification: Notification) -> None:
        offset = self._offsets[notification.topic] = self._offsets.get(notification.topic, -1) + 1
        placed = replace(
            notification,
            offset=offset,
            record_timestamp_ms=int(time.time() * 1000),
            at=datetime.now(UTC),
            # As Debezium does: only an incremental snapshot's notifications carry the signal's id.
            id=notification.id if notification.incremental else f"simulated-{offset}",
        )
        if self._apply is not None:
            await self._apply(placed.cluster_id, [placed])


def _base(recorded: RecordedSignal, *, incremental: bool) -> Notification:
    source = recorded.source
    return Notification(
        cluster_id=source.cluster.id,
        topic=source.notification_topic or f"{source.name}.notifications",
        partition=0,
        offset=0,
        record_timestamp_ms=0,
        prefix=source.topic_prefix or source.name,
        id=recorded.signal.id,
        kind=NotificationKind.OTHER,
        incremental=incremental,
        at=datetime.now(UTC),
    )
