"""Measuring documents, without walking every path through their fragments."""

import pytest
from graphql import parse

from gateway.graphql.limits import OperationLimits, check_limits

TIGHT = OperationLimits(tokens=5000, depth=3, aliases=2, fields=6)


def exceeded(document: str, limits: OperationLimits = TIGHT) -> set[object]:
    return {(error.extensions or {})["limit"] for error in check_limits(parse(document), limits)}


@pytest.mark.parametrize(
    ("document", "limits"),
    [
        ("{ a { b { c } } }", set()),
        ("{ a { b { c { d } } } }", {"depth"}),
        ("{ a { ... { b { c } } } }", set()),
        ("{ a { ...f } } fragment f on A { b { c { d } } }", {"depth"}),
        ("{ x: a y: b }", set()),
        ("{ x: a y: b z: c }", {"aliases"}),
        ("{ a { ...f } b { ...f } } fragment f on A { x: c y: d }", {"aliases"}),
        ("{ a b c d e f }", set()),
        ("{ a b c d e f g }", {"fields"}),
        ("query A { a b c d } query B { a b c d }", {"fields"}),
        ("{ __schema { a { b { c { d } } } } }", set()),
        ("{ ...f } fragment f on A { ...f }", set()),
        ("{ ...missing }", set()),
        ("type A { a: Int }", set()),
    ],
)
def test_what_is_counted(document: str, limits: set[str]) -> None:
    assert exceeded(document) == limits


def test_a_bomb_of_fragments_is_measured_at_once() -> None:
    """Each of 200 fragments spreads the next one twice: to go along 2**200 paths would never end."""
    bomb = " ".join(f"fragment f{n} on A {{ ...f{n + 1} ...f{n + 1} }}" for n in range(200))
    assert exceeded(f"{{ ...f0 }} {bomb} fragment f200 on A {{ a }}") == {"fields"}
