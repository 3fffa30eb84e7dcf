"""What runs an operation: graphql-core's plain executor, without the machinery of incremental delivery."""

from typing import Any

from graphql import GraphQLError, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import Path

from snapshots.cancellation import contain


class PlainExecutor(Executor[Any]):
    """The executor with the one argument more that Strawberry passes."""

    def __init__(self, *args: Any, operation_extensions: object = None, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what graphql-core's executor takes; the extensions of a request are not used."""
        del operation_extensions
        super().__init__(*args, **kwargs)

    async def complete_awaitable_value(
        self,
        return_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,  # noqa: ANN401
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Complete a field; a cancellation that leaks from a library is an error of this field, as any other is."""
        return await super().complete_awaitable_value(
            return_type, field_details_list, info, path, contain(result), position_context
        )

    async def complete_awaitable_list_item_value(
        self,
        item: Any,  # noqa: ANN401
        item_type: GraphQLOutputType,
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        item_path: Path,
        position_context: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        """Complete an item of a list in the same way."""
        return await super().complete_awaitable_list_item_value(
            contain(item), item_type, field_details_list, info, item_path, position_context
        )


class ReticentExecutor(PlainExecutor):
    """One whose errors name nothing of the schema that the client did not name."""

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> list[GraphQLError] | Executor[Any]:  # noqa: ANN401
        """Build the executor without suggestions for variables that do not fit."""
        return super().build(*args, **{**kwargs, "hide_suggestions": True})
