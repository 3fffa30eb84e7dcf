"""Keys of one's own, by message.key.columns."""

import pytest

from snapshots.engines.debezium.configuration.custom_keys import UnreadableKeyError, custom_key, has_custom_key


@pytest.mark.parametrize(
    ("columns", "collection", "has"),
    [
        ("public.a:id", "public.a", True),
        ("public.a:id", "public.b", False),
        ("inv.b:x,y; (.*).a:id", "public.a", True),
        ("public.a:", "public.a", False),
        ("public.a", "public.a", False),
        ("(:id", "public.a", False),
        ("", "public.a", False),
    ],
)
def test_message_keys_of_one_s_own(columns: str, collection: str, *, has: bool) -> None:
    assert has_custom_key(columns, collection) is has


@pytest.mark.parametrize(
    ("setting", "key"),
    [
        pytest.param("", [], id="nothing"),
        pytest.param("public.a:id", ["id"], id="one column"),
        pytest.param("public.a:note,id", ["note", "id"], id="in their own order"),
        pytest.param(" public.b:id ; (.*).a:NOTE ;", ["note"], id="a pattern, in any case"),
        pytest.param("public.a:id;public.*:id,note", ["id", "note"], id="several entries count together"),
        pytest.param("public.a:gone", [], id="no such column"),
        pytest.param("public.a:i.", ["id"], id="a column is a pattern too"),
        pytest.param("public.a", [], id="no column named"),
        pytest.param("public.aa:id", [], id="whole names"),
    ],
)
def test_the_columns_of_a_key_of_one_s_own(setting: str, key: list[str]) -> None:
    assert custom_key(setting, "public.a", ["id", "note"]) == key


@pytest.mark.parametrize("setting", ["(:id", "public.a:${env:KEY}", "[a-z&&[^b]]*:id", r"\Qpublic.a\E:id"])
def test_a_key_that_only_java_understands(setting: str) -> None:
    with pytest.raises(UnreadableKeyError, match="cannot be read"):
        custom_key(setting, "public.a", ["id"])
