"""Identifiers that Topicsnap makes: opaque, typed by prefix, sortable by time, at most 42 characters long."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from snapshots.texts import is_storable

BULK_SNAPSHOT = "bulk"
SOURCE_SNAPSHOT = "snap"
SIGNAL = "sig"
TOPIC = "top"
SOURCE_CONNECTOR = "src"
CLUSTER = "clu"
TOPIC_SNAPSHOT = "ts"
PRUNING = "prune"

MAX_ID_LENGTH = 128
"""Longest id that is stored (imported ids are kept as they are)."""

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_TIME_CHARACTERS = 10
_RANDOM_CHARACTERS = 16

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The time now, in UTC."""
    return datetime.now(UTC)


class IdMaker:
    """Makes ids such as `snap_01k9…`: 48 bits of milliseconds, then 80 random bits (the layout of a ULID)."""

    def __init__(self, clock: Clock = utc_now, random_bits: Callable[[int], int] = secrets.randbits) -> None:
        """Take time and randomness from `clock` and `random_bits`, which tests replace."""
        self._clock = clock
        self._random_bits = random_bits

    def __call__(self, prefix: str) -> str:
        """Return a new id with `prefix`."""
        milliseconds = int(self._clock().timestamp() * 1000)
        return f"{prefix}_{_encode(milliseconds, _TIME_CHARACTERS)}{_encode(self._random_bits(80), _RANDOM_CHARACTERS)}"


def _encode(number: int, length: int) -> str:
    characters = []
    for _ in range(length):
        number, digit = divmod(number, 32)
        characters.append(_ALPHABET[digit])
    return "".join(reversed(characters))


def time_of(id: str) -> datetime | None:
    """The time when IdMaker made an id, to the millisecond; None for an imported id."""
    _, _, unique = id.rpartition("_")
    if len(unique) != _TIME_CHARACTERS + _RANDOM_CHARACTERS or not set(unique) <= set(_ALPHABET):
        return None
    milliseconds = 0
    for character in unique[:_TIME_CHARACTERS]:
        milliseconds = milliseconds * 32 + _ALPHABET.index(character)
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError:
        return None


def is_valid_id(text: str) -> bool:
    """Whether `text` could be the id of anything."""
    return 0 < len(text) <= MAX_ID_LENGTH and not text.isspace() and is_storable(text)
