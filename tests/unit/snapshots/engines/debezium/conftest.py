"""A Kafka Connect worker as far as its REST API is read here, told what to answer."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from snapshots.errors import SecretError
from snapshots.model import Cluster

Answer = Callable[[], web.StreamResponse]


def html() -> web.Response:
    return web.Response(status=404, text="<html>Not Found</html>", content_type="text/html")


def error(status: int, message: str = "no") -> web.Response:
    return web.json_response({"error_code": status, "message": message}, status=status)


@dataclass
class Worker:
    """Answers each path with what is next in its list; the last answer stays."""

    url: str = ""
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    requests: list[web.BaseRequest] = field(default_factory=list)

    def answer(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def answer_json(self, path: str, value: object) -> None:
        self.answer(path, lambda: web.json_response(value))

    @property
    def cluster(self) -> Cluster:
        return Cluster("clu", "prod", self.url, None)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.requests.append(request)
        answers = self.answers.get(request.raw_path, [lambda: error(404)])
        return answers.pop(0)() if len(answers) > 1 else answers[0]()


@pytest.fixture
async def worker() -> AsyncIterator[Worker]:
    running = Worker()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", running.handle)
    server = TestServer(app)
    await server.start_server()
    running.url = str(server.make_url("/"))
    yield running
    await server.close()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class NoSecrets:
    """Knows `env:KNOWN` alone."""

    def resolve(self, reference: str) -> str:
        if reference == "env:KNOWN":
            return "reader:pässword:with:colons"
        message = f"{reference} is not set."
        raise SecretError(message)


def expanded(state: str = "RUNNING", *tasks: str, kind: str = "source", **config: str) -> dict[str, object]:
    """A connector as `/connectors?expand=…` tells it; `__` in a property stands for a dot."""
    return {
        "status": {
            "connector": {"state": state, "worker_id": "w", "version": "3.6.3.Final"},
            "tasks": [{"id": id, "state": task, "worker_id": "w"} for id, task in enumerate(tasks or ("RUNNING",))],
            "type": kind,
        },
        "info": {"config": {name.replace("__", "."): value for name, value in config.items()}, "type": kind},
    }
