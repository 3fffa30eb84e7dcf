"""The server on a real socket: when it is ready, and what a stop does to answers under way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import aiohttp
import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from gateway.app import Parts, build_app
from gateway.errors import StartError
from gateway.process.server import make_server
from gateway.process.sockets import listening, url_of
from tests.support.waiting import FAULT_SECONDS, until_told


class Slow:
    """An endpoint whose answer takes until it is told to."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.answer = asyncio.Event()

    async def __call__(self, _: Request) -> Response:
        self.asked.set()
        await self.answer.wait()
        return PlainTextResponse("done")


@asynccontextmanager
async def serving(slow: Slow, *, shutdown_seconds: float = 10.0) -> AsyncIterator[tuple[str, asyncio.Task[None]]]:
    ready = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        app = build_app(Parts(routes=[Route("/slow", slow.__call__)]))
        server = make_server(app, ready=ready.set, shutdown_seconds=shutdown_seconds, message_limit_bytes=1_048_576)
        task = asyncio.create_task(server.run_until_cancelled(listener))
        await asyncio.wait_for(ready.wait(), FAULT_SECONDS)
        yield url_of(listener), task
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def refuses(url: str) -> bool:
    """Whether the server takes no new connections."""
    try:
        async with aiohttp.ClientSession() as session, session.get(f"{url}/livez"):
            return False
    except aiohttp.ClientError:
        return True


async def test_an_answer_under_way_is_finished_and_nothing_new_is_taken() -> None:
    slow = Slow()
    async with serving(slow) as (url, task), aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"{url}/slow"))
        await asyncio.wait_for(slow.asked.wait(), FAULT_SECONDS)
        task.cancel()
        await until_told(lambda: refuses(url), "the end of the listening")
        assert not task.done()
        slow.answer.set()
        response = await asyncio.wait_for(asking, FAULT_SECONDS)
        assert await response.text() == "done"
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, FAULT_SECONDS)


async def test_patience_has_an_end() -> None:
    slow = Slow()
    async with serving(slow, shutdown_seconds=1.0) as (url, task), aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"{url}/slow"))
        await asyncio.wait_for(slow.asked.wait(), FAULT_SECONDS)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, FAULT_SECONDS)
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_second_stop_hurries() -> None:
    slow = Slow()
    async with serving(slow, shutdown_seconds=60.0) as (url, task), aiohttp.ClientSession() as session:
        asking = asyncio.create_task(session.get(f"{url}/slow"))
        await asyncio.wait_for(slow.asked.wait(), FAULT_SECONDS)
        task.cancel()
        await until_told(lambda: refuses(url), "the end of the listening")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, FAULT_SECONDS)
        slow.answer.set()
        await asyncio.gather(asking, return_exceptions=True)


class Broken(AbstractAsyncContextManager[None]):
    async def __aenter__(self) -> None:
        message = "no"
        raise ValueError(message)

    async def __aexit__(self, *_: object) -> None: ...


async def test_a_part_that_does_not_start_is_a_start_error(caplog: pytest.LogCaptureFixture) -> None:
    with listening("127.0.0.1", 0) as listener:
        server = make_server(
            build_app(Parts(background_work=[Broken()])),
            ready=lambda: None,
            shutdown_seconds=1.0,
            message_limit_bytes=1_048_576,
        )
        with pytest.raises(StartError, match="the log says why"):
            await server.run_until_cancelled(listener)
    assert "ValueError: no" in caplog.text
