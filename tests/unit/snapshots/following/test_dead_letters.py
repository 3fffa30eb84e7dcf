"""What is kept of a notification that was set aside, and what is not."""

import pytest

from snapshots.following.dead_letters import (
    MOST_HEADERS,
    MOST_MESSAGE,
    MOST_VALUE,
    RecordText,
    innermost,
    masked_message,
)


class Wrapped(Exception):  # noqa: N818 (stands for SQLAlchemy's)
    def __init__(self, orig: Exception) -> None:
        super().__init__("the statement, and all its parameters: secret")
        self.orig = orig


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("invalid literal: 'secret'", "invalid literal: '…'"),
        ('invalid input syntax for type bigint: "secret"', "invalid input syntax for type bigint: '…'"),
        ("duplicate key: Key (id)=(secret) already exists", "duplicate key: Key (id)=(…) already exists"),
        (
            "invalid input for query argument $4: [12] (too large)",
            "invalid input for query argument $4: … (too large)",
        ),
        ("invalid input for query argument $4: secret", "invalid input for query argument $4: …"),
        ("can't convert 'secret'", "can't convert '…'"),
        ("it is 'no' secret, it's 'it's secret'", "it is '…' secret, it's '…'"),
        ("cannot read b'secret'", "cannot read b'…'"),
        ('invalid input value for enum x: "the"secret"', "invalid input value for enum x: '…'"),
        ("cut off: 'secret", "cut off: '…'"),
        (f"cut off: '{'secret' * 1_000}' is too long", "cut off: '…'"),
        ("cut off: Key (id)=(secret", "cut off: Key (id)=(…)"),
        ("first line\nDETAIL: secret", "first line"),
        ("no\x00 zero", "no zero"),
        ("", ""),
    ],
)
def test_what_an_error_quotes_is_left_out(said: str, kept: str) -> None:
    assert masked_message(ValueError(said)) == kept


def test_the_drivers_own_error_is_what_counts() -> None:
    plain, drivers = ValueError("plain"), ValueError("secret")
    translated = RuntimeError("translated")
    assert innermost(plain) is plain
    assert innermost(Wrapped(drivers)) is drivers
    translated.__cause__ = drivers
    assert innermost(Wrapped(translated)) is drivers


def test_texts_are_bounded() -> None:
    assert len(masked_message(ValueError("x" * 10_000))) == MOST_MESSAGE
    text = RecordText.of(None, "é".encode() * 100_000, [("name", b"secret")] * 1000)
    assert text.value is not None
    assert len(text.value) == MOST_VALUE
    assert text.headers == ("name",) * MOST_HEADERS


def test_texts_can_be_stored_whatever_the_bytes() -> None:
    text = RecordText.of(b"\xff\x00key", b"{}", [("a\x00\ud800", None)])
    assert text == RecordText("\ufffdkey", "{}", ("a?",))
