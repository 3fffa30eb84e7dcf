"""GraphQL over WebSockets, by the protocol graphql-transport-ws.

Strawberry's handler keeps one context, and so one set of loaders, for a whole connection, ends with an exception on
messages that are no objects, and closes the connection for a syntax error in one operation; hence our own.
"""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass

from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketDisconnected

from gateway.auth.principals import set_connection_parameters
from gateway.endpoints import Caller, Endpoints, Entry
from gateway.graphql.operations import Operations
from gateway.graphql.stream import content_of, was_refused
from gateway.graphql.websocket_messages import (
    SUBPROTOCOL,
    CloseCode,
    ClosingError,
    Complete,
    Init,
    Message,
    Ping,
    Subscribe,
    parse_message,
)
from gateway.http.origins import is_from_here
from gateway.http.request_ids import request_id_of
from gateway.http.responses import RequestRefusedError, encode

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SocketOptions:
    """How WebSockets are served."""

    operations: int
    """Operations under way on one connection."""
    allowed_origins: tuple[str, ...]
    """Origins of pages that may connect besides our own; `*` for any."""
    init_seconds: float = 10.0
    """How long a client has to send `connection_init`."""


class GraphQLSockets:
    """Serves the WebSockets of one endpoint."""

    def __init__(self, operations: Operations, endpoints: Endpoints, options: SocketOptions) -> None:
        """Run `operations` for whom `endpoints` lets in."""
        self._operations = operations
        self._endpoints = endpoints
        self._options = options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection to its end."""
        socket = WebSocket(scope, receive, send)
        if not is_from_here(socket, self._options.allowed_origins):
            await _refuse(
                socket, "Pages of this origin may not connect; TOPICSNAP_ALLOWED_ORIGINS names those that may."
            )
            return
        with suppress(WebSocketDisconnect, WebSocketDisconnected):
            await _Connection(socket, self._operations, self._endpoints, self._options).serve()


class _Connection:
    """One connection, and what runs on it."""

    def __init__(self, socket: WebSocket, operations: Operations, endpoints: Endpoints, options: SocketOptions) -> None:
        self._socket = socket
        self._operations = operations
        self._endpoints = endpoints
        self._options = options
        self._request_id = request_id_of(socket)
        self._running: dict[str, asyncio.Task[None]] = {}
        # One message at a time waits for the client to read; the others wait as results that are not encoded yet.
        self._sending = asyncio.Lock()

    async def serve(self) -> None:
        if SUBPROTOCOL not in self._socket.scope.get("subprotocols", ()):
            await self._socket.accept()
            await self._socket.close(CloseCode.NO_SUBPROTOCOL, f"Unsupported subprotocol; use {SUBPROTOCOL}.")
            return
        await self._socket.accept(SUBPROTOCOL)
        try:
            caller = await self._greet()
            while True:
                await self._handle(await self._receive(), caller)
        except ClosingError as error:
            await self._socket.close(error.code, error.reason)
        finally:
            await self._cancel(list(self._running.values()))

    async def _greet(self) -> Caller:
        """Wait for `connection_init` and acknowledge it. Raises ClosingError."""
        try:
            async with asyncio.timeout(self._options.init_seconds):
                while not isinstance(message := await self._receive(), Init):
                    if isinstance(message, Subscribe):
                        raise ClosingError(CloseCode.UNAUTHORIZED, "connection_init comes first.")
                    await self._answer_ping(message)
        except TimeoutError:
            raise ClosingError(CloseCode.INIT_TIMEOUT, "connection_init did not come in time.") from None
        set_connection_parameters(self._socket, message.parameters)
        try:
            caller = await self._endpoints.admit(self._socket, Entry.WEBSOCKET)
        except RequestRefusedError as error:
            raise ClosingError(CloseCode.FORBIDDEN, error.message) from None
        await self._send({"type": "connection_ack"})
        return caller

    async def _receive(self) -> Message:
        """Return the next message. Raises ClosingError, WebSocketDisconnect."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(message.get("code") or 1005, message.get("reason"))
        return parse_message(message.get("text"))

    async def _handle(self, message: Message, caller: Caller) -> None:
        if isinstance(message, Init):
            raise ClosingError(CloseCode.TOO_MANY_INITS, "connection_init was sent before.")
        if isinstance(message, Subscribe):
            await self._subscribe(message, caller)
        elif isinstance(message, Complete):
            if task := self._running.pop(message.id, None):
                await self._cancel([task])
        else:
            await self._answer_ping(message)

    async def _answer_ping(self, message: Message) -> None:
        if isinstance(message, Ping):
            await self._send({"type": "pong"} | ({"payload": message.payload} if message.payload else {}))

    async def _subscribe(self, message: Subscribe, caller: Caller) -> None:
        if message.id in self._running:
            raise ClosingError(CloseCode.DUPLICATE_ID, f"Subscriber for {message.id} already exists")
        if len(self._running) >= self._options.operations:
            text = f"At most {self._options.operations} operations run on one connection."
            error = {"message": text, "extensions": {"code": "LIMIT_EXCEEDED", "limit": "operations"}}
            await self._send({"id": message.id, "type": "error", "payload": [error]})
            return
        self._running[message.id] = asyncio.create_task(self._run(message, caller))

    async def _run(self, message: Subscribe, caller: Caller) -> None:
        """Send the results of one operation."""
        last: Mapping[str, object] = {"id": message.id, "type": "complete"}
        try:
            async with aclosing(self._operations.stream(message.asked, caller)) as results:
                async for result in results:
                    content = content_of(result)
                    if was_refused(result):
                        last = {"id": message.id, "type": "error", "payload": content["errors"]}
                        break
                    await self._send({"id": message.id, "type": "next", "payload": content})
            # The id is free again before the client can know.
            self._running.pop(message.id, None)
            await self._send(last)
        except (WebSocketDisconnect, WebSocketDisconnected):
            pass  # whoever receives finds that out as well, and ends the connection
        except Exception:
            logger.exception("request %s failed unexpectedly", self._request_id)
            with suppress(WebSocketDisconnect, WebSocketDisconnected):
                await self._socket.close(CloseCode.INTERNAL_ERROR, "Internal error. See the server log.")

    async def _send(self, message: Mapping[str, object]) -> None:
        async with self._sending:
            await self._socket.send({"type": "websocket.send", "text": encode(message).decode()})

    async def _cancel(self, tasks: list[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _refuse(socket: WebSocket, reason: str) -> None:
    """Answer the handshake with 403, and say why where the server can."""
    await socket.receive()
    if "websocket.http.response" in socket.scope.get("extensions", {}):
        await socket.send_denial_response(PlainTextResponse(reason, 403))
    else:
        await socket.close(1008, reason[:120])
