"""Identifiers that Topicsnap makes: opaque, typed by prefix, sortable by the time they were made, at most 42 characters."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime

BULK_SNAPSHOT = "bulk"
SOURCE_SNAPSHOT = "snap"
SIGNAL = "sig"
TOPIC = "top"
SOURCE_CONNECTOR = "src"
CLUSTER = "clu"
TOPIC_SNAPSHOT = "ts"

MAX_ID_LENGTH = 128
"""Longest id that is ever stored (imported ids are kept as they are)."""

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
