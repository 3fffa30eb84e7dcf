"""Scenarios are made up from their seeds alone; a few of them are played on the real Debezium, more by `make truth`."""

from decimal import Decimal

import pytest

from sandbox.stack import Sandbox
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from tests.truth.row_filters import matching
from tests.truth.run import run
from tests.truth.scenarios import Deed, Timing, make_scenario
from tests.truth.tables import Fate, KeyShape, make_rows

FEW = range(2, 7)


def test_a_seed_makes_the_same_scenario_again() -> None:
    assert make_scenario(11) == make_scenario(11)
    assert make_scenario(11) != make_scenario(12)


def test_all_that_is_promised_comes_up() -> None:
    scenarios = [make_scenario(seed) for seed in range(200)]

    tables = [table for scenario in scenarios for table in scenario.tables]
    assert {table.fate for table in tables} == set(Fate)
    assert {table.key for table in tables} == set(KeyShape)
    assert {len(scenario.connectors) for scenario in scenarios} == {1, 2, 3}
    assert {scenario.timing for scenario in scenarios if len(scenario.asks) == 2} == set(Timing)
    assert {scenario.disturbance.deed for scenario in scenarios if scenario.disturbance} == set(Deed)
    assert any(ask.refused for scenario in scenarios for ask in scenario.asks)
    assert max(table.rows for table in tables) > 2900
    names = [(table.connector, table.name) for scenario in scenarios for table in scenario.made]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (RowCondition("n", FilterOperator.GE, ("9",)), lambda row: row[0] >= 9),
        (
            RowCondition("amount", FilterOperator.LT, ("10.5",)),
            lambda row: row[4] is not None and row[4] < Decimal("10.5"),
        ),
        (RowCondition("region", FilterOperator.NOT_IN, ("EU", "")), lambda row: row[3] not in {"EU", ""}),
        (RowCondition("region", FilterOperator.LIKE, ("EU%",)), lambda row: row[3] in {"EU", "EU-west"}),
        (RowCondition("note", FilterOperator.IS_NULL), lambda row: row[6] is None),
    ],
    ids=lambda value: value.operator if isinstance(value, RowCondition) else "",
)
def test_a_filter_means_these_rows(condition: RowCondition, holds) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
    rows = make_rows(1, 200)

    found = matching(RowFilter((condition,)), rows)

    assert found == {row[0] for row in rows if holds(row)}
    assert found


@pytest.mark.e2e
@pytest.mark.slow
async def test_a_few_scenarios_are_told_as_they_were(sandbox: Sandbox) -> None:
    lines: list[str] = []

    report = await run(sandbox, FEW, lanes=1, say=lines.append)

    print(*lines, *report.summary(), sep="\n")  # noqa: T201
    assert report.wrong == 0, "\n".join(lines)
    assert len(report.results) == len(FEW)
