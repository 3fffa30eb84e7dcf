"""What a scenario is, made up from its seed alone: tables, requests for their topics, what is done meanwhile."""

import random
from dataclasses import dataclass
from enum import StrEnum

from snapshots.filters import RowFilter
from snapshots.vocabulary import SnapshotType
from tests.truth.row_filters import matching, random_filter, refused_filter
from tests.truth.tables import Fate, KeyShape, Row, Table, make_rows, random_table

CONNECTORS = 3
"""How many connectors a lane has: one for each way to signal them."""


class Timing(StrEnum):
    """When the second request is made."""

    TOGETHER = "together"
    DURING = "during"
    AFTER = "after"


class Deed(StrEnum):
    """What somebody else does to a connector while the first request is carried out."""

    STOP = "stop"
    STOP_ONE = "stop one"
    RESTART = "restart"
    JOIN = "join"


@dataclass(frozen=True)
class Ask:
    """A request: places of tables, the type, and filters by the places of their tables."""

    places: tuple[int, ...]
    snapshot_type: SnapshotType
    filters: dict[int, RowFilter]
    refused: frozenset[int]
    """Places of those whose filter the database refuses."""


@dataclass(frozen=True)
class Disturbance:
    """A deed, the connector it is done to, and how long after the snapshot was seen to run."""

    deed: Deed
    connector: int
    after_seconds: float


@dataclass(frozen=True)
class Scenario:
    """All that is decided beforehand; when the engine gets to what is not."""

    seed: int
    tables: tuple[Table, ...]
    asks: tuple[Ask, ...]
    timing: Timing
    disturbance: Disturbance | None
    joined: Table | None
    """The table that a signal by hand reads."""

    def rows(self, place: int) -> tuple[Row, ...]:
        """Return the rows of a table."""
        return make_rows(self.seed * 100 + place, self.tables[place].rows)

    @property
    def joined_rows(self) -> tuple[Row, ...]:
        """The rows of that table."""
        return make_rows(self.seed * 100 + 99, self.joined.rows) if self.joined else ()

    @property
    def made(self) -> tuple[Table, ...]:
        """All tables, also that of the signal by hand."""
        return (*self.tables, *((self.joined,) if self.joined else ()))

    @property
    def connectors(self) -> tuple[int, ...]:
        """The connectors that it needs."""
        return tuple(sorted({table.connector for table in self.tables}))

    def expected(self, ask: Ask, place: int) -> frozenset[int] | None:
        """The rows that the request asks for, by their number; None where the database cannot tell any."""
        if self.tables[place].fate in {Fate.UNKNOWN, Fate.DROPPED} or place in ask.refused:
            return None
        return matching(ask.filters.get(place), self.rows(place))

    def has(self, connector: int, fate: Fate) -> bool:
        """Whether a table of this fate was asked of the connector."""
        return any(table.connector == connector and table.fate is fate for table in self.tables)

    def __str__(self) -> str:
        """Tell what is special of it, in a few words."""
        types = "+".join(ask.snapshot_type.lower() for ask in self.asks)
        words = [types, f"{len(self.connectors)} sources", f"{len(self.tables)} tables"]
        words += sorted({table.fate.lower() for table in self.tables if table.fate is not Fate.PRESENT})
        words += ["filters"] if any(ask.filters for ask in self.asks) else []
        words += ["bad filter"] if any(ask.refused for ask in self.asks) else []
        words += [self.timing] if len(self.asks) > 1 else []
        words += [self.disturbance.deed] if self.disturbance else []
        return ", ".join(words)


def make_scenario(seed: int) -> Scenario:
    """Return the scenario of this seed, always the same."""
    chance = random.Random(seed)  # noqa: S311
    used = chance.sample(range(CONNECTORS), chance.choice((1, 1, 2, 3)))
    disturbed = chance.random() < 0.45
    asks_twice = chance.random() < 0.4
    has_long = disturbed or asks_twice
    tables: list[Table] = []
    for place in range(max(len(used), chance.randint(1, 6))):
        connector = used[place % len(used)]
        is_long = has_long and place < len(used)
        tables.append(random_table(chance, seed, connector, [table.name for table in tables], is_long=is_long))
    asks = tuple(_ask(chance, tables, is_first=number == 0) for number in range(1 + asks_twice))
    disturbance = _disturbance(chance, used) if disturbed else None
    joined = None
    if disturbance and disturbance.deed is Deed.JOIN:
        joined = Table(f"side{seed}", disturbance.connector, KeyShape.NUMBER, 700, Fate.PRESENT, "integer")
    return Scenario(seed, tuple(tables), asks, chance.choice(list(Timing)), disturbance, joined)


def _ask(chance: random.Random, tables: list[Table], *, is_first: bool) -> Ask:
    places = range(len(tables))
    chosen = list(places) if is_first else sorted(chance.sample(places, chance.randint(1, len(tables))))
    chance.shuffle(chosen)
    snapshot_type = SnapshotType.BLOCKING if chance.random() < 0.35 else SnapshotType.INCREMENTAL
    filters: dict[int, RowFilter] = {}
    refused: set[int] = set()
    for place in chosen:
        dice = chance.random()
        if dice < 0.06:
            filters[place] = refused_filter(chance)
            refused.add(place)
        elif dice < 0.4:
            filters[place] = random_filter(chance)
    return Ask(tuple(chosen), snapshot_type, filters, frozenset(refused))


def _disturbance(chance: random.Random, used: list[int]) -> Disturbance:
    return Disturbance(chance.choice(list(Deed)), chance.choice(used), round(chance.uniform(0, 0.6), 2))
