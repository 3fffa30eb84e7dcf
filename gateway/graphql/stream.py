"""An HTTP answer that goes on: the results of a subscription, as they come, in one of two framings."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from typing import Protocol

from starlette.types import Receive, Scope, Send
from strawberry.types import ExecutionResult

HEARTBEAT_SECONDS = 12.0
"""Below the idle time-outs of common proxies."""


class Framing(Protocol):
    """How results are told apart in the one body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the answer."""
        ...

    def begin(self) -> bytes:
        """What comes first."""
        ...

    def encode(self, content: Mapping[str, object]) -> bytes:
        """Return one result, `content` being its JSON object."""
        ...

    def heartbeat(self) -> bytes:
        """What keeps the connection alive, and means nothing."""
        ...

    def end(self) -> bytes:
        """What comes after the last result."""
        ...

    def interrupt(self) -> bytes:
        """What comes where we stop before the last result."""
        ...


class StreamedAnswer:
    """An ASGI application that answers with results until they end, the client goes, or the gateway stops."""

    def __init__(
        self,
        results: AsyncGenerator[ExecutionResult, None],
        framing: Framing,
        stopping: asyncio.Event,
        *,
        heartbeat_seconds: float,
    ) -> None:
        """Send `results` in `framing`, and end early when `stopping` is set."""
        self._heartbeat_seconds = heartbeat_seconds
        self._results = results
        self._framing = framing
        self._stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer the request whose body has been read."""
        del scope
        headers = [(name.encode(), value.encode()) for name, value in self._framing.headers.items()]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        gone = asyncio.create_task(_disconnected(receive))
        stopping = asyncio.create_task(self._stopping.wait())
        upcoming: asyncio.Task[ExecutionResult | None] | None = None
        try:
            await _send_part(send, self._framing.begin())
            while True:
                upcoming = upcoming or asyncio.create_task(self._next())
                waited_for = {upcoming, gone, stopping}
                await asyncio.wait(waited_for, timeout=self._heartbeat_seconds, return_when=asyncio.FIRST_COMPLETED)
                if gone.done():
                    return
                if upcoming.done():
                    result, upcoming = upcoming.result(), None
                    if result is None:
                        await _send_part(send, self._framing.end(), last=True)
                        return
                    await _send_part(send, self._framing.encode(content_of(result)))
                elif stopping.done():
                    await _send_part(send, self._framing.interrupt(), last=True)
                    return
                else:
                    await _send_part(send, self._framing.heartbeat())
        finally:
            tasks = [task for task in (gone, stopping, upcoming) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)  # a generator cannot be closed while somebody waits for its next result
            await self._results.aclose()

    async def _next(self) -> ExecutionResult | None:
        return await anext(self._results, None)


def content_of(result: ExecutionResult) -> dict[str, object]:
    """Return `result` as the JSON object that clients get; without `data` where nothing was executed."""
    content: dict[str, object] = {}
    if result.errors:
        content["errors"] = [error.formatted for error in result.errors]
    if not was_refused(result):
        content["data"] = result.data
    if result.extensions:
        content["extensions"] = result.extensions
    return content


def was_refused(result: ExecutionResult) -> bool:
    """Whether the operation was not begun: no error has a path."""
    errors = result.errors or []
    return result.data is None and bool(errors) and all(error.path is None for error in errors)


async def _send_part(send: Send, part: bytes, *, last: bool = False) -> None:
    if part or last:
        await send({"type": "http.response.body", "body": part, "more_body": not last})


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
