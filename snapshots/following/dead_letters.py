"""Dead letters: notifications that fail again and again, with their position, their text, and the reason. Pure.

Texts are limited in length and contain nothing that PostgreSQL cannot store. Values that an error quotes are left out,
because they may be somebody's data. So are the values of headers, which may be credentials of the program that relays
records.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from snapshots.following.notifications import Notification

MOST_VALUE = 16_000
"""How many characters of a record's value are kept."""
MOST_KEY = 1_000
MOST_HEADERS = 50
MOST_MESSAGE = 500
_MOST_READ = 2_000
"""How many characters of an error's message are looked at: a value that it quotes may be as long as a record."""
_LONGEST_NAME = 200
_MASK = "…"
# What PostgreSQL and Python quote: 'value', b'value', "value", and `Key (id)=(value)`; cut ones as well. An apostrophe
# within a word (`can't`, and that of the value `'it's'`) neither begins nor ends a quotation.
_QUOTED = re.compile(r"""(?:(?<!\w)|(?<=\b[bru]))(?:'(?:.*?'(?!\w)|.*$)|"(?:.*?"(?!\w)|.*$))|(?<=\)=)\([^)]*(?:\)|$)""")
# What asyncpg says of a value that fits no column: `invalid input for query argument $4: value (reason)`.
_ARGUMENT = re.compile(r"(?<=query argument )(\$\d+): .*?(?= \([^()]*\)$|$)")


@dataclass(frozen=True, slots=True)
class RecordText:
    """The parts of a Kafka record that are kept."""

    key: str | None
    value: str | None
    headers: tuple[str, ...] = ()
    """Their names."""

    @classmethod
    def of(cls, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, object]] = ()) -> "RecordText":
        """Return the text of a record's parts, cut to what is kept."""
        names = tuple(_storable(name)[:_LONGEST_NAME] for name, _ in headers[:MOST_HEADERS])
        return cls(_text(key, MOST_KEY), _text(value, MOST_VALUE), names)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A notification that could not be applied although the database was available."""

    notification: Notification
    record: RecordText
    error_class: str
    """Name of the error's class, for example `IntegrityError`."""
    error_message: str
    """What `masked_message` made of the error."""
    attempts: int
    """How often Topicsnap tried it alone."""
    first_failed_at: datetime
    last_failed_at: datetime

    @property
    def place(self) -> str:
        """Where it is on Kafka: `topic/partition@offset`."""
        return f"{self.notification.topic}/{self.notification.partition}@{self.notification.offset}"


def innermost(error: Exception) -> BaseException:
    """Return the driver's error that `error` wraps, or `error` itself: the driver's message contains no statement."""
    # SQLAlchemy wraps twice: its own error has `orig`, which was raised from the driver's.
    wrapped: BaseException | None = getattr(error, "orig", None)
    return error if wrapped is None else wrapped.__cause__ or wrapped


def masked_message(error: BaseException) -> str:
    """Return the first line of the message of `error`, without the values that it quotes, at most MOST_MESSAGE long."""
    line = _storable(next(iter(str(error).splitlines()), ""))[:_MOST_READ]
    line = _ARGUMENT.sub(rf"\1: {_MASK}", line)
    return _QUOTED.sub(lambda quoted: f"({_MASK})" if quoted[0].startswith("(") else f"'{_MASK}'", line)[:MOST_MESSAGE]


def _text(value: bytes | None, most: int) -> str | None:
    # A character takes at most four bytes, so nothing longer is decoded.
    return None if value is None else _storable(value[: most * 4].decode(errors="replace"))[:most]


def _storable(text: str) -> str:
    return text.replace("\x00", "").encode(errors="replace").decode()
