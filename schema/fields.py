"""Fields that are worked out by a function: Strawberry's decorator with a type that checkers can follow."""

from collections.abc import Callable
from typing import Any

import strawberry
from strawberry.types.field import StrawberryField


def computed(description: str, *, name: str | None = None) -> Callable[[Callable[..., Any]], StrawberryField]:
    """Make the decorated method a field with `description`, and with `name` where it is not the method's own."""

    def decorate(method: Callable[..., Any]) -> StrawberryField:
        made: StrawberryField = strawberry.field(resolver=method, description=description, name=name)
        return made

    return decorate


def streamed(description: str) -> Callable[[Callable[..., Any]], StrawberryField]:
    """Make the decorated asynchronous generator a subscription with `description`."""

    def decorate(method: Callable[..., Any]) -> StrawberryField:
        made: StrawberryField = strawberry.subscription(resolver=method, description=description)
        return made

    return decorate
