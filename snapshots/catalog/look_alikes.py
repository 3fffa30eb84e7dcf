"""Which names of data collections Debezium would confuse with others. Pure.

An entry of a signal is a regular expression, in which a dot stands for any character, and a blocking snapshot ignores
case (docs/debezium.md): `public.orders` also reads `publicXorders`, `public."Orders"`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable


def look_alikes(names: Collection[str]) -> frozenset[str]:
    """Return those of `names` that match another one, read as a regex in which only the dot is special.

    Letters match in either case. For INCREMENTAL, which tells upper from lower case, this finds more than needed, never
    less.
    """
    variants: dict[str, set[str]] = defaultdict(set)
    for name in names:
        variants[_fold(name)].add(name)
    found = {name for spellings in variants.values() if len(spellings) > 1 for name in spellings}
    for folded in _wildcards(variants):
        found |= variants[folded]
    return frozenset(found)


def _wildcards(names: Iterable[str]) -> set[str]:
    """Return those of the distinct `names` whose dots stand for other characters of another name.

    Two such names have the same length and agree wherever the name has no dot: put dots into the other name at these
    places, and you get the name itself. So each name is looked up once for each set of places where names of its length
    have dots.
    """
    by_shape: dict[int, dict[frozenset[int], list[str]]] = defaultdict(lambda: defaultdict(list))
    for name in names:
        by_shape[len(name)][_dots(name)].append(name)
    found = set()
    for shapes in by_shape.values():
        for places, dotted in shapes.items():
            for others, plainer in shapes.items():
                if others < places:
                    found |= {_with_dots(name, places) for name in plainer}.intersection(dotted)
    return found


def _fold(name: str) -> str:
    """Return `name` in lower case, character by character, so that its length does not change."""
    folded = name.lower()
    return folded if len(folded) == len(name) else "".join(c.lower() if len(c.lower()) == 1 else c for c in name)


def _dots(name: str) -> frozenset[int]:
    return frozenset(place for place, character in enumerate(name) if character == ".")


def _with_dots(name: str, places: frozenset[int]) -> str:
    characters = list(name)
    for place in places:
        characters[place] = "."
    return "".join(characters)
