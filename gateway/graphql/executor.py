"""What runs an operation: graphql-core's plain executor, without the machinery of incremental delivery."""

from typing import Any

from graphql import GraphQLError
from graphql.execution import Executor


class PlainExecutor(Executor[Any]):
    """The executor with the one argument more that Strawberry passes."""

    def __init__(self, *args: Any, operation_extensions: object = None, **kwargs: Any) -> None:  # noqa: ANN401
        """Take what graphql-core's executor takes; the extensions of a request are not used."""
        del operation_extensions
        super().__init__(*args, **kwargs)


class ReticentExecutor(PlainExecutor):
    """One whose errors name nothing of the schema that the client did not name."""

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> list[GraphQLError] | Executor[Any]:  # noqa: ANN401
        """Build the executor without suggestions for variables that do not fit."""
        return super().build(*args, **{**kwargs, "hide_suggestions": True})
