"""Whoever asks, by whatever transport, is let in, limited and counted in one place."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable

import pytest
from starlette.requests import HTTPConnection

from gateway.endpoints import Caller, Endpoints, Entry, SubscriptionAskedError
from gateway.http.responses import RequestRefusedError
from gateway.metrics import ProcessMetrics
from resolvers.principal import LOCAL_PRINCIPAL, Principal
from snapshots.errors import TopicsnapError

CALLER = Caller(Entry.REST, LOCAL_PRINCIPAL, "request-1")


@pytest.fixture
def metrics() -> ProcessMetrics:
    return ProcessMetrics()


async def somebody(_: HTTPConnection) -> Principal:
    return LOCAL_PRINCIPAL


def endpoints(metrics: ProcessMetrics, *, timeout_seconds: float = 60.0) -> Endpoints:
    return Endpoints(somebody, metrics, timeout_seconds=timeout_seconds)


async def raising(error: BaseException) -> None:
    raise error


async def test_a_caller_has_the_principal_and_the_id_of_its_request(metrics: ProcessMetrics) -> None:
    connection = HTTPConnection({"type": "http", "state": {"request_id": "request-1"}})
    assert await endpoints(metrics).admit(connection, Entry.REST) == CALLER


async def test_a_stranger_is_refused() -> None:
    async def nobody(_: HTTPConnection) -> Principal:
        raise RequestRefusedError(401, "A bearer token is needed.")

    with pytest.raises(RequestRefusedError, match="bearer token"):
        await Endpoints(nobody, ProcessMetrics(), timeout_seconds=1).admit(HTTPConnection({"type": "http"}), Entry.REST)


async def test_an_answer_is_handed_on_and_counted(metrics: ProcessMetrics) -> None:
    async def work() -> str:
        return "answer"

    assert await endpoints(metrics).run(CALLER, work()) == "answer"
    assert metrics.totals() == {"operations.rest.answered": 1}


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (RequestRefusedError(405, "Mutations are sent by POST."), "refused"),
        (TopicsnapError("not like this"), "refused"),
        (TimeoutError("of a socket"), "failed"),
        (RuntimeError("a fault"), "failed"),
    ],
)
async def test_an_error_is_handed_on_and_counted(metrics: ProcessMetrics, error: Exception, outcome: str) -> None:
    with pytest.raises(type(error)) as caught:
        await endpoints(metrics).run(CALLER, raising(error))
    assert caught.value is error
    assert metrics.totals() == {f"operations.rest.{outcome}": 1}


async def test_what_has_no_end_is_cut_off(metrics: ProcessMetrics) -> None:
    forever: Awaitable[object] = asyncio.Event().wait()
    with pytest.raises(RequestRefusedError, match=r"No answer within 0\.01 s") as caught:
        await endpoints(metrics, timeout_seconds=0.01).run(CALLER, forever)
    assert caught.value.status == 504
    assert metrics.totals() == {"operations.rest.timed_out": 1}


async def test_a_subscription_counts_as_that_alone(metrics: ProcessMetrics) -> None:
    async def results() -> AsyncGenerator[int, None]:
        yield 1
        yield 2

    door = endpoints(metrics)
    with pytest.raises(SubscriptionAskedError):
        await door.run(CALLER, raising(SubscriptionAskedError()))
    assert [result async for result in door.stream(CALLER, results())] == [1, 2]
    assert metrics.totals() == {"subscriptions.rest": 1}
