"""Who makes a request: how the endpoints ask."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import HTTPConnection

from resolvers.principal import Principal

Authenticate = Callable[[HTTPConnection], Awaitable[Principal]]
"""Tells who makes a request or opens a WebSocket. Raises RequestRefusedError (401, 403) where nobody may."""

_PARAMETERS = "connection_init"


def set_connection_parameters(connection: HTTPConnection, parameters: Mapping[str, Any]) -> None:
    """Keep the payload of `connection_init`, where browsers put a token: they cannot set headers on a WebSocket."""
    connection.scope.setdefault("state", {})[_PARAMETERS] = parameters


def connection_parameters(connection: HTTPConnection) -> Mapping[str, Any]:
    """Return the payload of `connection_init`; empty for what is not a WebSocket."""
    found: Mapping[str, Any] = connection.scope.get("state", {}).get(_PARAMETERS, {})
    return found
