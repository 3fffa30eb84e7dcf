from base64 import urlsafe_b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.cursors import decode_cursor, encode_cursor
from snapshots.errors import RequestError
from snapshots.vocabulary import UserErrorCode

texts = st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))


@given(st.lists(texts, min_size=1, max_size=3))
def test_a_cursor_gives_back_its_key(key: list[str]) -> None:
    assert decode_cursor(encode_cursor(*key), len(key)) == tuple(key)


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("%%%", id="not base64"),
        pytest.param("é", id="not ASCII"),
        pytest.param("\ud800", id="an unpaired surrogate"),
        pytest.param("x" * 10_000, id="long"),
        pytest.param(urlsafe_b64encode(b"{}").decode(), id="not a list"),
        pytest.param(urlsafe_b64encode(b'["a",1]').decode(), id="not texts"),
        pytest.param(urlsafe_b64encode(b'["a\\u0000","b"]').decode(), id="a text that PostgreSQL refuses"),
        pytest.param(encode_cursor("a"), id="of another list"),
    ],
)
def test_any_other_text_is_refused_as_a_cursor(cursor: str) -> None:
    with pytest.raises(RequestError) as caught:
        decode_cursor(cursor, 2)
    assert caught.value.code is UserErrorCode.INVALID_CURSOR
    assert caught.value.field == ("after",)


@given(st.text())
def test_no_text_does_anything_but_decode_or_be_refused(cursor: str) -> None:
    try:
        key = decode_cursor(cursor, 2)
    except RequestError:
        return
    assert len(key) == 2
