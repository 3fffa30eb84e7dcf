"""Row filters as clients send them."""

import strawberry

from schema.enums import FilterOperator
from snapshots.filters import RowCondition, RowFilter


@strawberry.input(description="One comparison of a column with values.")
class RowConditionInput:
    """A condition of a row filter."""

    column: str = strawberry.field(description="The name of the column, as the database has it.")
    operator: FilterOperator = strawberry.field(description="How it is compared.")
    values: list[str] | None = strawberry.field(
        default=None,
        description="What it is compared with, as texts, which the database casts to the column's type.",
    )

    def to_domain(self) -> RowCondition:
        """Return the condition that this asks for."""
        return RowCondition(self.column, self.operator, tuple(self.values or ()))


@strawberry.input(
    description="Which rows are wanted. Rendered and quoted for the source's database by the gateway; raw SQL is never "
    "taken."
)
class RowFilterInput:
    """Conditions on the rows of a table."""

    all: list[RowConditionInput] = strawberry.field(description="1 to 50 conditions that must all hold.")

    def to_domain(self) -> RowFilter:
        """Return the filter that this asks for."""
        return RowFilter(tuple(condition.to_domain() for condition in self.all))
