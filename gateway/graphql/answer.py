"""From the result of an operation to an HTTP answer, as the GraphQL-over-HTTP specification has it."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLError
from starlette.responses import Response
from strawberry.types import ExecutionResult

from gateway.http.responses import JSON, json_response

GRAPHQL_JSON = "application/graphql-response+json"


def negotiate(accept: str) -> str:
    """Return the media type that the header `accept` prefers of the two that can be had; JSON where it wants neither.

    Of equal preferences the first wins, and plain JSON wins for `*/*`: what old clients can read.
    """
    best, quality = JSON, 0.0
    for part in accept.split(","):
        media_type, _, parameters = part.strip().lower().partition(";")
        media_type = media_type.strip()
        if media_type in {"*/*", "application/*"}:
            media_type = JSON
        if media_type in {JSON, GRAPHQL_JSON} and (wish := _quality(parameters)) > quality:
            best, quality = media_type, wish
    return best


def _quality(parameters: str) -> float:
    for parameter in parameters.split(";"):
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def answer(result: ExecutionResult, media_type: str) -> Response:
    """Return `result` as an HTTP answer.

    An operation that was not begun (no error has a path) has no `data`; under the media type of its own it is a 400.
    """
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return refuse(errors, status=400 if media_type == GRAPHQL_JSON else 200, media_type=media_type)
    content: dict[str, Any] = {"data": result.data}
    if errors:
        content["errors"] = [error.formatted for error in errors]
    if result.extensions:
        content["extensions"] = result.extensions
    return json_response(content, media_type=media_type)


def refuse(
    errors: Sequence[GraphQLError], status: int, media_type: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer to a request of which nothing was executed."""
    content = {"errors": [error.formatted for error in errors]}
    return json_response(content, status, media_type=media_type, headers=headers)
