"""What really arrived: the records of topics as any consumer sees them, put in order while they come."""

import asyncio
from collections.abc import Iterable, Sequence
from typing import Self

from sandbox.topics import Record, read_topics

FENCE = "fence"
_FOR_EVER_SECONDS = 3600.0


class Reader:
    """Reads topics from their beginning, in the background."""

    def __init__(self, bootstrap: str, topics: Iterable[str]) -> None:
        """Read partition 0 of the topics, which exist."""
        self.rows: dict[str, list[int]] = {}
        """The numbers of the snapshot rows by topic."""
        self.fences: dict[str, int] = {}
        """The highest number that has come on each connector's fence, by topic."""
        self.notes: list[dict[str, str]] = []
        """Notifications: their type, connector_name and whatever else they tell."""
        self._bootstrap = bootstrap
        self._topics = list(topics)
        self._seen = 0
        self._task: asyncio.Task[object] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(read_topics(self._bootstrap, self._topics, self._take_in, _FOR_EVER_SECONDS))
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    @property
    def is_alive(self) -> bool:
        """Whether it still reads."""
        return self._task is not None and not self._task.done()

    def _take_in(self, records: Sequence[Record]) -> bool:
        for record in records[self._seen :]:
            self._take(record)
        self._seen = len(records)
        return False

    def _take(self, record: Record) -> None:
        match record.value:
            case {"op": "r", "after": {"n": int(number)}}:
                self.rows.setdefault(record.topic, []).append(number)
            case {"op": "c", "after": {"id": int(number)}} if record.topic.endswith(f".{FENCE}"):
                self.fences[record.topic] = max(number, self.fences.get(record.topic, 0))
            case {"type": str(kind), "additional_data": dict(details)}:
                self.notes.append({"type": kind, **{str(name): str(value) for name, value in details.items()}})
