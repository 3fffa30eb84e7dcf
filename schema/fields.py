"""Types that are views: which fields of a record of the core clients see, and what they are told of each.

A class named …Type is never instantiated. GraphQL works on the record itself: a field without a function is the
attribute of its name, one that is `computed` is what its function makes of the record (`strawberry.Parent`).
"""

from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any, TypeVar

import strawberry

KindT = TypeVar("KindT")


def view(
    record: type, *, description: str, keys: Sequence[str] = (), shareable: bool = False
) -> Callable[[type[KindT]], type[KindT]]:
    """Make the decorated class the GraphQL type of every `record`, by the class's name without its Type.

    With `keys`, the names of the fields of each, it is an entity that other subgraphs can refer to; `shareable` says
    that others may have the same type.
    """

    def is_type_of(value: object, _info: object) -> bool:
        return isinstance(value, record)

    def decorate(kind: type[KindT]) -> type[KindT]:
        kind.viewed = record  # type: ignore[attr-defined]
        kind.is_type_of = staticmethod(is_type_of)  # type: ignore[attr-defined]
        name = kind.__name__.removesuffix("Type")
        return strawberry.federation.type(kind, name=name, description=description, keys=keys, shareable=shareable)

    return decorate


def computed(resolve: Callable[..., Any], description: str, *, type: object = None, name: str | None = None) -> Any:  # noqa: ANN401 (a field stands for a value of any type)
    """Return a field that `resolve` works out; `type` is its GraphQL type where the class does not annotate it."""
    return strawberry.field(resolver=resolve, description=description, graphql_type=type, name=name)


def streamed(resolve: Callable[..., AsyncGenerator[Any, None]], description: str, *, type: object) -> Any:  # noqa: ANN401
    """Return a field of the root of subscriptions: one answer of `type` for each value that `resolve` yields."""
    return strawberry.subscription(resolver=resolve, description=description, graphql_type=type)
