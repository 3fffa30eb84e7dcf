"""Uvicorn's protocols, with an end to clients that do not read what they are sent, and to those open at a shutdown.

Uvicorn has whoever sends wait until the client has read most of what was sent before, so little is ever buffered; but
it waits for ever, and its `close` waits for the client as well.
"""

from asyncio import Transport
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from gateway.graphql.websocket_messages import CloseCode

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from uvicorn._types import ASGISendEvent

UNREAD_SECONDS = 15.0
_GOING_AWAY = 1001


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Have it not come."""
        ...


CallLater = Callable[[float, Callable[[], object]], Timer]
"""Calls something after so many seconds."""


class Config(uvicorn.Config):
    """Uvicorn's configuration, and how long a client may read nothing of what waits for it."""

    unread_seconds: float = UNREAD_SECONDS
    call_later: CallLater | None = None
    """How that time passes; by the event loop unless it is given."""

    def later(self, loop: "AbstractEventLoop") -> CallLater:
        """Return what calls later, for a connection on `loop`."""
        return self.call_later or loop.call_later


class Unread:
    """Watches a connection on which much waits to be read; calls `give_up` once nothing of it was for a while."""

    def __init__(self, later: CallLater, transport: Transport, seconds: float, give_up: Callable[[], None]) -> None:
        """Watch from now on; a client that reads slowly is not given up."""
        self._later = later
        self._transport = transport
        self._seconds = seconds
        self._give_up = give_up
        self._left = transport.get_write_buffer_size()
        self._timer = later(seconds, self._check)

    def _check(self) -> None:
        left = self._transport.get_write_buffer_size()
        if left >= self._left:
            self._give_up()
        else:
            self._left = left
            self._timer = self._later(self._seconds, self._check)

    def stop(self) -> None:
        """Watch no more."""
        self._timer.cancel()


class HttpProtocol(HttpToolsProtocol):
    """HTTP; a client that does not read is cut off."""

    config: Config
    transport: Transport
    _unread: Unread | None = None

    def pause_writing(self) -> None:
        """Begin to watch."""
        super().pause_writing()
        self._unread = Unread(
            self.config.later(self.loop), self.transport, self.config.unread_seconds, self.transport.abort
        )

    def resume_writing(self) -> None:
        """Watch no more."""
        self._stop_watching()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no more."""
        self._stop_watching()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """Close when the answer under way is through, or now where the client keeps it from being."""
        super().shutdown()
        if self._unread is not None:
            self.transport.abort()

    def _stop_watching(self) -> None:
        if self._unread is not None:
            self._unread.stop()
            self._unread = None


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """WebSockets; a client that does not read is told so by a close code behind what it has not read, and cut off."""

    config: Config
    transport: Transport
    _unread: Unread | None = None
    _last_timer: Timer | None = None

    def pause_writing(self) -> None:
        """Begin to watch."""
        super().pause_writing()
        self._unread = Unread(self.config.later(self.loop), self.transport, self.config.unread_seconds, self._give_up)

    def resume_writing(self) -> None:
        """Watch no more."""
        self._stop_watching()
        super().resume_writing()

    def connection_lost(self, exc: Exception | None) -> None:
        """Watch no more."""
        self._stop_watching()
        if self._last_timer is not None:
            self._last_timer.cancel()
        super().connection_lost(exc)

    async def send(self, message: "ASGISendEvent") -> None:
        """Send, or raise ClientDisconnected where the connection was closed while this waited."""
        await self.writable.wait()
        if self.close_sent and self.handshake_complete:
            raise ClientDisconnected
        await super().send(message)

    def keepalive_timeout(self) -> None:
        """Close for want of a pong, without waiting for ever that the close frame is read."""
        super().keepalive_timeout()
        self._abort_later()

    def shutdown(self) -> None:
        """Close with 1001: the client may connect again, to another gateway or a later one."""
        if self.handshake_complete and not self.close_sent:
            self._close(_GOING_AWAY, "The gateway is stopping.")
            self.transport.close()
        else:
            super().shutdown()
        if self._unread is not None:
            self.transport.abort()

    def _give_up(self) -> None:
        seconds = self.config.unread_seconds
        if not self.close_sent:
            self._close(CloseCode.UNREAD, f"Nothing was read for {seconds:g} s.")
        self._abort_later()

    def _close(self, code: int, reason: str) -> None:
        """Write a close frame without waiting for the client, and have the application find the connection closed."""
        self.stop_keepalive()
        self.queue.put_nowait({"type": "websocket.disconnect", "code": code, "reason": reason})
        self.conn.send_close(code, reason)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.writable.set()
        if self.read_paused:
            self.read_paused = False
            self.transport.resume_reading()
        self.close_timer = self.loop.call_later(self.close_timeout, self.transport.close)

    def _abort_later(self) -> None:
        self._last_timer = self.config.later(self.loop)(self.config.unread_seconds, self.transport.abort)

    def _stop_watching(self) -> None:
        if self._unread is not None:
            self._unread.stop()
            self._unread = None
