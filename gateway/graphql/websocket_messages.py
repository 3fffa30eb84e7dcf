"""The messages of graphql-transport-ws: https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import orjson

from gateway.graphql.request import GraphQLRequest, parse_request
from gateway.http.responses import RequestRefusedError

SUBPROTOCOL = "graphql-transport-ws"
_LONGEST_REASON_BYTES = 123
"""RFC 6455, 5.5: a control frame has 125 bytes, two of which are the code."""


class CloseCode(IntEnum):
    """Why we close a WebSocket; the protocol's codes, and one of our own."""

    INTERNAL_ERROR = 4500
    INVALID_MESSAGE = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NO_SUBPROTOCOL = 4406
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    UNREAD = 4413
    """The client did not read what it was sent."""
    TOO_MANY_INITS = 4429


class ClosingError(Exception):
    """The WebSocket has to be closed.

    Attributes: code, reason (a sentence that fits a close frame).
    """

    def __init__(self, code: CloseCode, reason: str) -> None:
        """Build the error from the code and the sentence, which is cut to what fits."""
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """The first message of a client."""

    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ping:
    """A question whether we are there."""

    payload: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """An answer to a ping, or a sign of life."""


@dataclass(frozen=True, slots=True)
class Subscribe:
    """An operation of any type, under an id of the client's."""

    id: str
    asked: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """The client wants no more of an operation."""

    id: str


Message = Init | Ping | Pong | Subscribe | Complete


def parse_message(text: str | None) -> Message:
    """Return the message that `text` is; None stands for bytes. Raises ClosingError (INVALID_MESSAGE)."""
    if text is None:
        raise _invalid("Messages are text.")
    try:
        given = orjson.loads(text)
    except (orjson.JSONDecodeError, UnicodeEncodeError):
        raise _invalid("A message is JSON.") from None
    if not isinstance(given, dict):
        raise _invalid("A message is a JSON object.")
    match given.get("type"):
        case "connection_init":
            return Init(_payload(given) or {})
        case "ping":
            return Ping(_payload(given))
        case "pong":
            _payload(given)
            return Pong()
        case "subscribe":
            return _subscribe(given)
        case "complete":
            return Complete(_id(given))
    raise _invalid("The message has no type that the protocol knows.")


def _subscribe(given: Mapping[str, Any]) -> Subscribe:
    try:
        return Subscribe(_id(given), parse_request(given.get("payload")))
    except RequestRefusedError as error:
        raise _invalid(error.message) from None


def _payload(given: Mapping[str, Any]) -> Mapping[str, Any] | None:
    payload = given.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise _invalid("A payload is an object.")
    return payload


def _id(given: Mapping[str, Any]) -> str:
    id_ = given.get("id")
    if not isinstance(id_, str) or not id_:
        raise _invalid("The message needs an id.")
    return id_


def _invalid(reason: str) -> ClosingError:
    return ClosingError(CloseCode.INVALID_MESSAGE, reason)
