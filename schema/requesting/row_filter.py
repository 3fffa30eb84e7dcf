"""Row filters as clients send them."""

import strawberry

from schema.enums import FilterOperator
from snapshots.filters import RowCondition, RowFilter


@strawberry.input(description="One comparison of a column with values.")
class RowConditionInput:
    """A condition of a row filter."""

    column: str = strawberry.field(description="The name of the column, exactly as it is in the database.")
    operator: FilterOperator = strawberry.field(description="How the column is compared with the values.")
    values: list[str] | None = strawberry.field(
        default=None,
        description="The values to compare with, as texts. The database converts them to the type of the column.",
    )

    def to_domain(self) -> RowCondition:
        """Return the condition that this asks for."""
        return RowCondition(self.column, self.operator, tuple(self.values or ()))


@strawberry.input(
    description="Which rows of a table to read. Topicsnap writes and quotes the SQL for the source's database; "
    "raw SQL is never accepted."
)
class RowFilterInput:
    """Conditions on the rows of a table."""

    all: list[RowConditionInput] = strawberry.field(
        description="The conditions, 1 to 50. A row is read if all of them hold."
    )

    def to_domain(self) -> RowFilter:
        """Return the filter that this asks for."""
        return RowFilter(tuple(condition.to_domain() for condition in self.all))
