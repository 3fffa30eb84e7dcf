"""Cursors of keyset pages: where an item stands in the order of its list, as a text that clients hand back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row

from snapshots.errors import RequestError
from snapshots.pages import Page
from snapshots.texts import is_storable
from snapshots.vocabulary import UserErrorCode

ItemT = TypeVar("ItemT")

_DIGITS = 18
"""What certainly fits PostgreSQL's bigint."""


def encode_cursor(*key: str) -> str:
    """Return the cursor of the item whose place in the list is `key`."""
    return urlsafe_b64encode(orjson.dumps(key)).decode().rstrip("=")


def decode_cursor(cursor: str, parts: int) -> tuple[str, ...]:
    """Return the key, of `parts` texts, that `encode_cursor` made `cursor` of. Raises RequestError for any other."""
    try:
        key = orjson.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        key = None
    if not isinstance(key, list) or len(key) != parts:
        raise _invalid()
    if not all(isinstance(part, str) and is_storable(part) for part in key):
        raise _invalid()
    return tuple(key)


def decode_number(cursor: str) -> int:
    """Return the number that `encode_cursor` made `cursor` of, as a text. Raises RequestError for any other."""
    (number,) = decode_cursor(cursor, 1)
    if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS):
        raise _invalid()
    return int(number)


def page_of(
    rows: Sequence[Row[Any]], first: int, item: Callable[[Row[Any]], ItemT], key: Callable[[ItemT], tuple[str, ...]]
) -> Page[ItemT]:
    """Make a page of the first `first` of `rows`, of which one more was asked for than fits."""
    items = tuple(item(row) for row in rows[:first])
    return Page(items, tuple(encode_cursor(*key(one)) for one in items), has_next=len(rows) > first)


def _invalid() -> RequestError:
    return RequestError(UserErrorCode.INVALID_CURSOR, "This cursor is not one that this list gave.", ("after",))
