"""Whether locked packages are closed: whatever one of them requires is locked too, in a version that fits."""

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import Distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

Requires = Mapping[str, list[str]]
"""What each package requires, by its canonical name: the lines of Requires-Dist."""


def requirements_of(distributions: Iterable[Distribution]) -> dict[str, list[str]]:
    """Return what the distributions require, of their metadata."""
    return {canonicalize_name(found.name): list(found.requires or []) for found in distributions}


def gaps(roots: Iterable[str], requires: Requires, locked: Mapping[str, str]) -> list[str]:
    """Return a sentence for each requirement that is not locked, or in a version that does not fit.

    From the requirements `roots` it goes on to whatever these require on this platform, with the extras asked for.
    `locked` has versions by canonical name.
    """
    found: list[str] = []
    seen: set[tuple[str, str]] = set()
    waiting = [(root, "the project", "") for root in roots]
    while waiting:
        line, whose, extra = waiting.pop()
        wanted = Requirement(line)
        if wanted.marker and not wanted.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(wanted.name)
        if name not in locked:
            found.append(f"{whose} requires {line}, which is not locked")
        elif not wanted.specifier.contains(locked[name], prereleases=True):
            found.append(f"{whose} requires {line}, and {locked[name]} is locked")
        else:
            for one in ("", *wanted.extras):
                if (name, one) not in seen:
                    seen.add((name, one))
                    waiting += [(below, name, one) for below in requires.get(name, [])]
    return sorted(set(found))


def of_everything(requires: Requires, locked: Mapping[str, str]) -> list[str]:
    """Return the gaps of every installed package that is locked, whether or not something leads to it."""
    return gaps((name for name in requires if name in locked), requires, locked)


def applies(requirement: str) -> bool:
    """Whether a locked requirement is meant for this platform."""
    marker = Requirement(requirement).marker
    return marker is None or marker.evaluate()


def pairs(requirements: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield canonical name and version of pins, as in `name==1.0`, that are meant for this platform."""
    for line in requirements:
        if applies(line):
            (pin,) = Requirement(line).specifier
            yield canonicalize_name(Requirement(line).name), pin.version
