"""From an HTTP request to a GraphQL request, as the GraphQL-over-HTTP specification has it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request

from gateway.http.request_body import read_json
from gateway.http.responses import RequestRefusedError


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a client asks for: a document, one of its operations, and variables."""

    query: str
    operation_name: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    extensions: Mapping[str, Any] = field(default_factory=dict)


async def read_request(request: Request, body_limit_bytes: int) -> GraphQLRequest:
    """Return what a GET or POST `request` asks. Raises RequestRefusedError with a status from 400 to 415."""
    if request.method == "GET":
        return parse_request(_from_query(request))
    return parse_request(await read_json(request, body_limit_bytes))


def parse_request(given: object) -> GraphQLRequest:
    """Return the GraphQL request that the JSON value `given` is. Raises RequestRefusedError (400)."""
    if isinstance(given, list):
        raise RequestRefusedError(400, "Batches of operations are not served; send one operation in each request.")
    if not isinstance(given, dict):
        raise RequestRefusedError(400, "A GraphQL request is a JSON object with a query.")
    query = _expect(given, "query", str, "a string")
    if not query:
        raise RequestRefusedError(400, "The request has no query.")
    return GraphQLRequest(
        query,
        _expect(given, "operationName", str, "a string or null"),
        _expect(given, "variables", dict, "an object or null") or {},
        _expect(given, "extensions", dict, "an object or null") or {},
    )


def _expect(given: Mapping[str, Any], name: str, kind: type, words: str) -> Any:  # noqa: ANN401 (of `kind`, or None)
    value = given.get(name)
    if value is not None and not isinstance(value, kind):
        raise RequestRefusedError(400, f"`{name}` is {words}.")
    return value


def _from_query(request: Request) -> dict[str, Any]:
    parameters = request.query_params
    given: dict[str, Any] = {name: parameters[name] for name in ("query", "operationName") if name in parameters}
    for name in ("variables", "extensions"):
        if text := parameters.get(name):
            try:
                given[name] = orjson.loads(text)
            except orjson.JSONDecodeError as error:
                raise RequestRefusedError(400, f"`{name}` is not valid JSON: {error}.") from None
    return given
