"""What arrived on a topic around a snapshot, by key; a verification compares it with the rows of the source. Pure."""

from dataclasses import dataclass

from snapshots.ports.topic_reader import EventKind, TopicEvent

MAX_KEYS = 1_000_000
"""Most distinct keys that one verification keeps, at about 150 bytes each."""

_PRESENT = 1
"""Its last event that is certainly not older than the snapshot says that the row is there."""
_SEEN = 2
"""Some event, of any time, said that the row is there."""
_READ = 4
"""This snapshot read it."""
_STREAMED = 8
"""A change of it was streamed."""
_MATCHED = 16
"""The source has it."""


@dataclass(frozen=True, slots=True)
class Window:
    """When the engine worked on the snapshot, by its own clock in ms since 1970; None if unknown."""

    from_ms: int | None = None
    until_ms: int | None = None

    def holds(self, event: TopicEvent) -> bool:
        """Whether `event` is certainly not older than the snapshot and, if a snapshot made it, not of a later one."""
        if event.at_ms is None:
            return self.from_ms is None and self.until_ms is None
        if self.from_ms is not None and event.at_ms < self.from_ms:
            return False
        return event.kind is not EventKind.READ or self.until_ms is None or event.at_ms <= self.until_ms


class TooManyKeysError(Exception):
    """The topic has more distinct keys than a verification keeps."""


class Arrivals:
    """Collects events in the order of each partition, so that the last event of a key is the latest."""

    def __init__(self, window: Window = Window(), *, max_keys: int = MAX_KEYS) -> None:
        """Begin with nothing; at most `max_keys` keys."""
        self._window = window
        self._max_keys = max_keys
        self._keys: dict[bytes, int] = {}
        self.keyless_reads = 0
        """Events of this snapshot without a key."""
        self.read_events = 0
        """Events of this snapshot, with a key or without."""
        self.keyless = 0
        """Events without a key."""
        self.present_events = 0
        """Events of any time that say that a row is there: they stand for at most so many rows."""
        self.streamed = 0
        """Changes that were streamed."""
        self.other_reads = 0
        """Snapshot events that are not certainly of this snapshot."""
        self.truncated = False

    def add(self, event: TopicEvent) -> None:
        """Count the next event. Raises TooManyKeysError."""
        held = self._window.holds(event)
        if event.kind is EventKind.TRUNCATED:
            self.truncated = True
            return
        if event.kind is EventKind.READ:
            self.other_reads += not held
            self.read_events += held
        else:
            self.streamed += 1
        self.present_events += event.kind is not EventKind.DELETED
        if event.key is None:
            self.keyless += 1
            self.keyless_reads += held and event.kind is EventKind.READ
            return
        self._keys[event.key] = _after(self._keys.get(event.key, 0), event.kind, held=held)
        if len(self._keys) > self._max_keys:
            raise TooManyKeysError

    @property
    def reads(self) -> int:
        """Rows that this snapshot emitted: distinct keys, and every event without a key."""
        return self.keyless_reads + sum(1 for flags in self._keys.values() if flags & _READ)

    def is_present(self, key: bytes) -> bool:
        """Whether the row certainly arrived with the snapshot or later and was not deleted; marks it as matched."""
        flags = self._keys.get(key, 0)
        if flags:
            self._keys[key] = flags | _MATCHED
        return bool(flags & _PRESENT)

    def was_seen(self, key: bytes) -> bool:
        """Whether any event at all said that the row is there."""
        return bool(self._keys.get(key, 0) & _SEEN)

    @property
    def unmatched(self) -> int:
        """Rows that the snapshot emitted, that have not changed since, and that the source does not have."""
        return sum(1 for flags in self._keys.values() if flags & (_READ | _STREAMED | _MATCHED) == _READ)


def _after(flags: int, kind: EventKind, *, held: bool) -> int:
    if kind is EventKind.DELETED:
        return flags & ~_PRESENT | _STREAMED
    flags |= _SEEN | (_PRESENT if held else 0)
    if kind is EventKind.READ:
        return flags | (_READ if held else 0)
    return flags | _STREAMED
