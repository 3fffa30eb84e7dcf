"""What a command says where a gateway does not answer as one: on sockets of this machine."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from gateway.cli.client.client import Client
from gateway.cli.client.http import HttpTransport
from gateway.cli.client.server_address import server_address
from gateway.errors import ServerRefusedError, ServerUnreachableError

HTML = "<html><body>Welcome to nginx!</body></html>"
Answer = Callable[[web.Request], Awaitable[web.Response]]


async def said(server: str, error: type[Exception] = ServerUnreachableError) -> str:
    """What is said of the gateway at `server`, with an error of that kind."""
    async with HttpTransport.open(server) as transport:
        with pytest.raises(error) as raised:
            await Client(transport).execute("bulk_snapshot", id="bulk_1")
    assert "aiohttp" not in str(raised.value)
    return str(raised.value)


@asynccontextmanager
async def answering(answer: Answer) -> AsyncIterator[str]:
    """Serve `answer` for every POST, and yield the address."""
    application = web.Application()
    application.router.add_post("/{path:.*}", answer)
    async with TestServer(application) as server:
        yield str(server.make_url("/")).rstrip("/")


@asynccontextmanager
async def speaking(words: bytes) -> AsyncIterator[str]:
    """Serve something that says `words` to whoever connects, and closes the connection."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(words)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def constant(status: int = 200, *, json: object = None, text: str | None = None, **headers: str) -> Answer:
    async def answer(_: web.Request) -> web.Response:
        if text is not None:
            return web.Response(status=status, text=text, content_type="text/html", headers=headers)
        return web.json_response(json, status=status, headers=headers)

    return answer


async def test_nothing_listens() -> None:
    async with speaking(b"") as place:
        pass
    assert f"No gateway answers at http://{place}: nothing listens on this port." in await said(f"http://{place}")


async def test_a_host_that_is_not_there() -> None:
    assert "its name cannot be resolved" in await said("http://nobody.invalid:8000")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (b"", "closed the connection before it had answered. Where it speaks HTTPS, use https://."),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "does not speak HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\nhalf", "closed the connection before it had answered"),
    ],
    ids=["nothing", "SSH", "half an answer"],
)
async def test_what_answers_is_something_else(words: bytes, sentence: str) -> None:
    async with speaking(words) as place:
        assert sentence in await said(f"http://{place}")


async def test_plain_http_behind_https() -> None:
    async with answering(constant(json={})) as url:
        text = await said(url.replace("http:", "https:"))
    assert "No encrypted connection" in text
    assert "use http://" in text


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (constant(text=HTML), "no Topicsnap gateway: it sent text/html with HTTP 200"),
        (constant(404, text=HTML), "no Topicsnap gateway: it sent text/html with HTTP 404"),
        (constant(json=[1, 2]), "no Topicsnap gateway: it sent application/json"),
        (constant(json={"hello": "world"}), "no Topicsnap gateway"),
        (constant(502, text=HTML), "the gateway behind it does not (HTTP 502)"),
        (constant(401, text=HTML), "asks for credentials"),
        (constant(302, Location="http://gw.example/graphql"), "has moved to http://gw.example. Give that to --server"),
    ],
    ids=["a page", "no such page", "a list", "other JSON", "a proxy", "a guard", "a signpost"],
)
async def test_what_answers_is_no_gateway(answer: Answer, sentence: str) -> None:
    async with answering(answer) as url:
        assert sentence in await said(url)


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (200, {"message": "Cannot query field 'bulkSnapshot' on type 'Query'."}),
        (400, {"message": 'Cannot query field "x".', "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"}}),
    ],
)
async def test_another_graphql_service(status: int, error: dict[str, object]) -> None:
    async with answering(constant(status, json={"errors": [error]})) as url:
        text = await said(url, ServerRefusedError)
    assert "does not know what this command asks for" in text
    assert "Cannot query" not in text


async def test_what_a_gateway_says_is_passed_on() -> None:
    late = {"errors": [{"message": "No answer within 60 s."}]}
    async with answering(constant(504, json=late)) as url:
        assert await said(url, ServerRefusedError) == "No answer within 60 s."
    lost = {"data": None, "errors": [{"message": "m", "path": ["x"], "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}
    async with answering(constant(json=lost)) as url:
        assert await said(url) == "m"
    broken = {
        "message": "Unexpected error.",
        "path": ["x"],
        "extensions": {"code": "INTERNAL_ERROR", "requestId": "r1"},
    }
    async with answering(constant(json={"data": None, "errors": [broken]})) as url:
        assert "See its log for the request id r1." in await said(url, ServerRefusedError)
    async with answering(constant(421, json={"error": "Not configured for this host name."})) as url:
        assert "Not configured for this host name." in await said(url, ServerRefusedError)


async def test_one_that_does_not_answer_in_time() -> None:
    async def wait(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError(request)

    async with answering(wait) as url:
        timeout = aiohttp.ClientTimeout(total=0.05)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            transport = HttpTransport(session, server_address(url))
            with pytest.raises(ServerUnreachableError, match="What it has begun goes on"):
                await transport.send("{ viewer { subject } }", {})
