"""What every request goes through: one log line, and a plain 500 for an unexpected error."""

import logging
import time

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.http.request_ids import request_id
from snapshots.cancellation import contain

logger = logging.getLogger(__name__)

_PROBES = frozenset({"/livez", "/readyz", "/metrics"})


class Requests:
    """ASGI middleware: logs method, path, status and time of each request, and masks unexpected exceptions.

    An exception is logged once, with its traceback; the client sees the request id and nothing of it.
    """

    def __init__(self, app: ASGIApp) -> None:
        """Wrap `app`."""
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await contain(self._app(scope, receive, send_and_note))
        except Exception:
            logger.exception("request failed unexpectedly")
            if not status:
                await masked()(scope, receive, send_and_note)
        finally:
            level = logging.DEBUG if scope["path"] in _PROBES else logging.INFO
            milliseconds = round((time.perf_counter() - started) * 1000, 1)
            # The query string stays out: a GET query's variables may be nobody's business.
            extra = {"method": scope["method"], "path": scope["path"], "status": status, "ms": milliseconds}
            logger.log(level, "request", extra=extra)


def masked() -> JSONResponse:
    """Return the answer to a request that failed by an unexpected error."""
    message = "Internal error. See the server log for this request id."
    return JSONResponse({"error": message, "requestId": request_id.get()}, 500)
