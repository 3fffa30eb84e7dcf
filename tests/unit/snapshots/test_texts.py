"""What texts can be stored."""

from hypothesis import given
from hypothesis import strategies as st

from snapshots.texts import is_storable


@given(st.text(st.characters(codec=None)))
def test_storable_is_what_postgresql_keeps_and_utf_8_can_say(text: str) -> None:
    has_surrogate = any(0xD800 <= ord(character) <= 0xDFFF for character in text)

    assert is_storable(text) is not ("\x00" in text or has_surrogate)
