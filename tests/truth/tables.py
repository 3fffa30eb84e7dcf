"""Tables of random shape: names that Debezium could mistake, keys of all kinds, columns of many types, odd values."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from persistence.embedded.sessions import quoted
from sandbox.sources import Source

Row = tuple[object, ...]
"""The values of COLUMNS."""

COLUMNS = ("n", "id", "code", "region", "amount", "flag", "note", "made_at", 'a "quoted" Column')
REGIONS = ("EU", "EU-west", "US", "O'Reilly", "größe ☃", "back\\slash", "100% _sure?", "")


class KeyShape(StrEnum):
    """What makes a row of the table one of its kind."""

    NUMBER = "NUMBER"
    UUID = "UUID"
    TEXT = "TEXT"
    COMPOSITE = "COMPOSITE"
    UNIQUE = "UNIQUE"
    KEYLESS = "KEYLESS"


class Fate(StrEnum):
    """Whether the table is there when it is asked for, and whether its connector knows it."""

    PRESENT = "PRESENT"
    LATE = "LATE"
    """Made while the connector runs."""
    UNKNOWN = "UNKNOWN"
    """Never made, though the catalogue has its topic."""
    DROPPED = "DROPPED"
    """Dropped while the connector runs."""


_KEYS = {
    KeyShape.NUMBER: 'PRIMARY KEY ("n")',
    KeyShape.UUID: 'PRIMARY KEY ("id")',
    KeyShape.TEXT: 'PRIMARY KEY ("code")',
    KeyShape.COMPOSITE: 'PRIMARY KEY ("region", "id", "n")',
    KeyShape.UNIQUE: 'UNIQUE ("code")',
}


@dataclass(frozen=True)
class Table:
    """A table of one of the lane's connectors; every row of it has a number `n` of its own, from 1."""

    name: str
    connector: int
    key: KeyShape
    rows: int
    fate: Fate
    number: str
    """The type of its column `n`."""

    @property
    def collection(self) -> str:
        """As signals name it."""
        return f"public.{self.name}"

    def sql(self) -> str:
        """Return the statements that make it, empty."""
        table = f"public.{quoted(self.name)}"
        columns = [
            f'"n" {self.number} NOT NULL',
            '"id" uuid NOT NULL',
            '"code" text NOT NULL',
            '"region" varchar(40) NOT NULL',
            '"amount" numeric(12, 2)',
            '"flag" boolean',
            '"note" text',
            '"made_at" timestamptz NOT NULL',
            f"{quoted(COLUMNS[-1])} text",
        ]
        if self.key is KeyShape.KEYLESS:
            return f"CREATE TABLE {table} ({', '.join(columns)}); ALTER TABLE {table} REPLICA IDENTITY FULL"
        return f"CREATE TABLE {table} ({', '.join((*columns, _KEYS[self.key]))})"


_NAMES = (
    "{t}",
    "{t}",
    "{T}",
    "{t}.x",
    "{t}_x",
    "{t}Xx",
    "{t}$",
    "a+{t}",
    "aa{t}",
    "{t}[12]",
    "{t}1",
    "{t}|that",
    "bin({t})",
    "{t}*",
    "{t}?",
    "{t}{{2}}",
    "{t},right",
    "{t}\\wards",
    "grün{t}",
    "^{t}",
)
_FATES = (Fate.PRESENT,) * 21 + (Fate.LATE, Fate.UNKNOWN, Fate.UNKNOWN, Fate.DROPPED)


_UNSAFE_NAMES = ("{t} x", "it's {t}", "{t} or 'x'")
_UNSAFE_SHARE = 0.06


def random_table(chance: random.Random, seed: int, connector: int, taken: Sequence[str], *, is_long: bool) -> Table:
    """Return a table whose name, and whose topic, nothing else of any scenario has."""
    table = _safe_table(chance, seed, connector, taken, is_long=is_long)
    # By dice of their own: what else a seed means stays as it is in docs/truth.md.
    dice = random.Random(f"{seed} {table.name}")  # noqa: S311
    if is_long or table.fate is not Fate.PRESENT or dice.random() > _UNSAFE_SHARE:
        return table
    name = _name(dice.choice(_UNSAFE_NAMES), seed)
    return table if _topic(name) in {_topic(one) for one in taken} else replace(table, name=name)


def _safe_table(chance: random.Random, seed: int, connector: int, taken: Sequence[str], *, is_long: bool) -> Table:
    topics = {_topic(name) for name in taken}
    free = [name for name in (_name(pattern, seed) for pattern in _NAMES) if _topic(name) not in topics]
    name = chance.choice(free)
    if is_long:
        return Table(name, connector, _key(chance, keyless=0), chance.randint(2000, 3000), Fate.PRESENT, "integer")
    fate = chance.choice(_FATES)
    rows = chance.choice((0, 1, chance.randint(2, 40), chance.randint(200, 1000), chance.randint(0, 3000)))
    # Of a table that the databases cannot be asked for, the operator said that it has a key.
    keyless = 0 if fate in {Fate.LATE, Fate.UNKNOWN} else 2
    return Table(
        name, connector, _key(chance, keyless=keyless), rows, fate, chance.choice(("smallint", "integer", "bigint"))
    )


@lru_cache(maxsize=48)
def make_rows(seed: int, count: int) -> tuple[Row, ...]:
    """Return so many rows, always the same for a seed."""
    chance = random.Random(seed)  # noqa: S311
    since = datetime(2020, 1, 1, tzinfo=UTC)
    return tuple(
        (
            n,
            uuid.UUID(int=chance.getrandbits(128)),
            f"C-{chance.randrange(1000)}-{n}",
            chance.choice(REGIONS),
            chance.choice((None, Decimal(chance.randrange(-5000, 5000)) / 4)),
            chance.choice((None, True, False)),
            chance.choice((None, f"note {n}", "it's\ntwo lines", "")),
            since + timedelta(seconds=chance.randrange(10**8)),
            chance.choice((None, *REGIONS)),
        )
        for n in range(1, count + 1)
    )


def _key(chance: random.Random, *, keyless: int) -> KeyShape:
    shapes = [shape for shape in KeyShape if shape is not KeyShape.KEYLESS] * 2
    return chance.choice([*shapes, *(KeyShape.KEYLESS for _ in range(keyless))])


def _name(pattern: str, seed: int) -> str:
    return pattern.format(t=f"orders{seed}", T=f"Orders{seed}")


def _topic(name: str) -> str:
    return Source("any", channel="source", include={}).topic("public", name)
