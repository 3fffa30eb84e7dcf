"""What all operations with an input have in common: a payload that answers it, or says what is wrong with it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from functools import wraps
from typing import Any

import strawberry

from schema.context import Info
from schema.user_error import user_errors
from snapshots.errors import RequestError

CarryOut = Callable[[Info, Any], Awaitable[Mapping[str, object]]]
"""Carries out an operation and returns the fields of its payload. Raises RequestError where that is refused."""


def operation(payload: type, carry_out: CarryOut, description: str) -> Any:  # noqa: ANN401 (a field)
    """Return the field of an operation that answers with a `payload`.

    A field of the payload that the input has too is given back as it was sent. Where `carry_out` refuses, the payload
    has what is wrong in `user_errors`, and its other fields as they are by default: nothing was done.
    """

    @wraps(carry_out)
    async def resolve(info: Info, input: Any) -> Any:  # noqa: ANN401 (the contract's name; one for all inputs)
        try:
            found = await carry_out(info, input)
        except RequestError as error:
            found = {"user_errors": user_errors(error)}
        sent = {field.name for field in fields(input)}
        given_back = {field.name: getattr(input, field.name) for field in fields(payload) if field.name in sent}
        return payload(**{**given_back, **found})

    return strawberry.field(resolver=resolve, graphql_type=payload, description=description)
