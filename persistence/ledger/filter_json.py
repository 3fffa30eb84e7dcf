"""How a row filter is kept in a JSONB column."""

from typing import Any

from snapshots.filters import FilterOperator, RowCondition, RowFilter


def filter_to_json(row_filter: RowFilter | None) -> dict[str, Any] | None:
    """Return `row_filter` as JSON values, None for none."""
    if row_filter is None:
        return None
    return {
        "all": [
            {"column": condition.column, "operator": condition.operator.value, "values": list(condition.values)}
            for condition in row_filter.all
        ]
    }


def filter_from_json(value: dict[str, Any] | None) -> RowFilter | None:
    """Return the row filter that `filter_to_json` made `value` from."""
    if value is None:
        return None
    return RowFilter(
        tuple(
            RowCondition(item["column"], FilterOperator(item["operator"]), tuple(item["values"]))
            for item in value["all"]
        )
    )
