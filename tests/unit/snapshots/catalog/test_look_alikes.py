from collections.abc import Collection
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.catalog.look_alikes import look_alikes
from tests.support.figures import Figure


def naive(names: Collection[str]) -> frozenset[str]:
    """The definition: each name against each other one, character by character."""

    def matches(pattern: str, name: str) -> bool:
        return len(pattern) == len(name) and all(
            p in {".", n} or p.lower() == n.lower() for p, n in zip(pattern, name, strict=True)
        )

    return frozenset(one for one in names if any(one != other and matches(one, other) for other in names))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        pytest.param({"public.orders", "public.customers"}, set(), id="plain"),
        pytest.param({"public.orders", "publicXorders"}, {"public.orders"}, id="a letter for the dot"),
        pytest.param({"public.orders", "public.Orders"}, {"public.orders", "public.Orders"}, id="case"),
        pytest.param({"public.orders", "PUBLICxORDERS"}, {"public.orders"}, id="a letter for the dot, and case"),
        pytest.param({"public.orders", "public.orders2"}, set(), id="a longer name"),
        pytest.param({"db.a.b", "db.axb"}, {"db.a.b"}, id="one of two dots"),
        pytest.param({"a.bc", "abc."}, set(), id="as many dots elsewhere"),
        pytest.param({"İ.a", "i̇.a"}, set(), id="a letter whose lower case is longer"),
        pytest.param(set(), set(), id="nothing"),
    ],
)
def test_names_that_match_others(names: set[str], expected: set[str]) -> None:
    assert look_alikes(names) == expected


names = st.text(alphabet="aAbB.", min_size=1, max_size=6)


@given(st.lists(names, max_size=30))
def test_agrees_with_the_definition(given_names: list[str]) -> None:
    assert look_alikes(given_names) == naive(set(given_names))


def test_twenty_thousand_names(figure: Figure) -> None:
    names = [f"schema_{number % 40:03}.table_{number:06}" for number in range(20_000)]
    names += ["schema_001Xtable_000001", "SCHEMA_001.TABLE_000001"]
    with figure("look-alikes among 20,000 names"):
        found = look_alikes(names)
    assert found == {"SCHEMA_001.TABLE_000001", "schema_001.table_000001"}


def test_many_names_of_one_length_with_dots_in_many_places() -> None:
    names = {"".join(characters) for characters in product("aB.", repeat=6)}
    names -= {name for name in names if name.count("a") == 2}
    assert look_alikes(names) == naive(names)
