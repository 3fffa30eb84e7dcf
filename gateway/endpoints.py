"""The one way into an operation, whatever it came by: authenticate, limit, run.

GraphQL over HTTP, its WebSockets and the REST twin read and write their own formats, and come through here in between.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from starlette.requests import HTTPConnection

from gateway.auth.principals import Authenticate
from gateway.http.request_ids import request_id_of
from gateway.http.responses import RequestRefusedError
from gateway.metrics import OPERATIONS, SUBSCRIPTIONS, Metrics
from resolvers.principal import Principal
from snapshots.cancellation import contain
from snapshots.errors import TopicsnapError

logger = logging.getLogger(__name__)

T = TypeVar("T")


class Entry(StrEnum):
    """How a request comes."""

    GRAPHQL = "graphql"
    REST = "rest"
    WEBSOCKET = "websocket"


class SubscriptionAskedError(Exception):
    """Work that was to be run turned out to be a subscription, which is streamed. Nothing was done."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who makes a request, or holds a WebSocket."""

    entry: Entry
    principal: Principal
    request_id: str


class Endpoints:
    """Lets callers in, and runs what they ask for."""

    def __init__(
        self,
        authenticate: Authenticate,
        metrics: Metrics,
        *,
        timeout_seconds: float,
        time_limit: Callable[[float], asyncio.Timeout] = asyncio.timeout,
    ) -> None:
        """Let in whom `authenticate` knows; a query or a mutation has `timeout_seconds`; count in `metrics`."""
        self._time_limit = time_limit
        self._authenticate = authenticate
        self._metrics = metrics
        self._timeout_seconds = timeout_seconds

    async def admit(self, connection: HTTPConnection, entry: Entry) -> Caller:
        """Return who makes a request or opens a WebSocket. Raises RequestRefusedError (401, 403)."""
        return Caller(entry, await self._authenticate(connection), request_id_of(connection))

    async def run(self, caller: Caller, work: Awaitable[T]) -> T:
        """Return what `work`, a query or a mutation, returns; raise what it raises.

        Raises RequestRefusedError (504) when its time is over; a dispatch that has begun goes on.
        """
        try:
            result = await self._within_time(caller, work)
        except SubscriptionAskedError:
            raise
        except BaseException as error:
            self._metrics.count(OPERATIONS, caller.entry, _outcome(error))
            raise
        self._metrics.count(OPERATIONS, caller.entry, "answered")
        return result

    async def stream(self, caller: Caller, results: AsyncGenerator[T, None]) -> AsyncGenerator[T, None]:
        """Yield `results`, those of a subscription, which has no time limit."""
        self._metrics.count(SUBSCRIPTIONS, caller.entry)
        async with aclosing(results):
            async for result in results:
                yield result

    async def _within_time(self, caller: Caller, work: Awaitable[T]) -> T:
        limit = self._time_limit(self._timeout_seconds)
        try:
            async with limit:
                return await contain(work)
        except TimeoutError:
            if not limit.expired():
                raise
        logger.warning("request %s: the operation took longer than it may", caller.request_id)
        raise RequestRefusedError(
            504,
            f"No answer within {self._timeout_seconds:g} s. A mutation that has begun goes on: read the ledger, or "
            "send the request again with the same idempotency key.",
        )


def _outcome(error: BaseException) -> str:
    if isinstance(error, RequestRefusedError):
        return "timed_out" if error.status == 504 else "refused"  # noqa: PLR2004 (ours)
    if isinstance(error, TopicsnapError):
        return "refused"
    return "cancelled" if isinstance(error, asyncio.CancelledError) else "failed"
