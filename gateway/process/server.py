"""Uvicorn, run by us: on uvloop and httptools, with our signals, and a shutdown that loses nothing."""

import asyncio
import gc
import socket
from collections.abc import Callable

import uvicorn
from starlette.types import ASGIApp

from gateway.errors import StartError
from gateway.process.connections import UNREAD_SECONDS, CallLater, Config, HttpProtocol, WebSocketProtocol
from snapshots.cancellation import outlive_caller

_YOUNG_OBJECTS = 50_000
"""Allocations between two collections of young objects; the default of 700 runs several times a request."""


class Server(uvicorn.Server):
    """Uvicorn without signal handlers of its own: it would end the process before we have closed what is ours."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None], stopping: asyncio.Event) -> None:
        """Serve by `config`; `ready` is called once it accepts connections, `stopping` set when it begins to end."""
        super().__init__(config)
        self._ready = ready
        self._stopping = stopping

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so. Raises StartError."""
        try:
            await super().startup(sockets=sockets)
        except SystemExit as error:  # uvicorn's word for a failed lifespan; it would end the event loop at once
            raise StartError("The gateway did not start; the log says why.") from error
        if self.started and not self.should_exit:
            self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; streams, which have no end of their own, end now."""
        self._stopping.set()
        await super().shutdown(sockets=sockets)
        if self.force_exit:
            # Uvicorn forgets what runs beside when it hurries; the closing loop would break that off, with a traceback.
            await self.lifespan.shutdown()

    async def run_until_cancelled(self, listener: socket.socket) -> None:
        """Serve on `listener`.

        The first cancellation ends it gracefully: no new connections, answers under way are finished. A second one
        cuts them off. Raises StartError where it does not come up.
        """
        serving = asyncio.create_task(self._serve([listener]))
        try:
            await outlive_caller(serving)
        except asyncio.CancelledError:
            self.should_exit = True
            try:
                await outlive_caller(serving)
            except asyncio.CancelledError:
                self.force_exit = True
                await serving
            raise


def make_server(
    app: ASGIApp,
    *,
    ready: Callable[[], None],
    shutdown_seconds: float,
    message_limit_bytes: int,
    stopping: asyncio.Event | None = None,
    unread_seconds: float = UNREAD_SECONDS,
    call_later: CallLater | None = None,
) -> Server:
    """Return a server for `app` that waits at most `shutdown_seconds` for answers under way when it ends.

    It sets `stopping` first. WebSocket messages have `message_limit_bytes`; a client that reads nothing for
    `unread_seconds`, which pass by `call_later`, is cut off.
    """
    config = Config(
        app,
        http=HttpProtocol,
        ws=WebSocketProtocol,
        ws_max_size=message_limit_bytes,
        lifespan="on",
        log_config=None,  # ours is in place
        access_log=False,
        server_header=False,
        proxy_headers=False,  # nobody's word is taken for where a request comes from
        timeout_graceful_shutdown=max(1, round(shutdown_seconds)),
    )
    config.unread_seconds = unread_seconds
    config.call_later = call_later
    return Server(config, ready, stopping or asyncio.Event())


def tune_garbage_collection() -> None:
    """Keep what start-up made out of every later collection: 1.3 times the requests a second (measured)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG_OBJECTS, 50, 50)
