"""Asking a running gateway, as any client would."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import orjson

from gateway.errors import ServerRefusedError, ServerUnreachableError

_SECONDS = 90.0


class GraphQLClient:
    """Sends operations to one gateway."""

    def __init__(self, session: aiohttp.ClientSession, server: str) -> None:
        """Talk to the gateway at `server`, a URL without path, through `session`."""
        self._session = session
        self._server = server.rstrip("/")

    @classmethod
    @asynccontextmanager
    async def open(cls, server: str) -> AsyncIterator[Self]:
        """Yield a client with a session of its own."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_SECONDS, connect=10)) as session:
            yield cls(session, server)

    async def execute(self, query: str, variables: Mapping[str, object]) -> dict[str, Any]:
        """Run an operation and return its data.

        Raises ServerUnreachableError where no gateway answers, ServerRefusedError with what it says is wrong.
        """
        payload = orjson.dumps({"query": query, "variables": variables})
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        try:
            async with self._session.post(f"{self._server}/graphql", data=payload, headers=headers) as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            reason = str(error) or type(error).__name__
            message = (
                f"No gateway answers at {self._server}: {reason}. Start one by `topicsnap serve`, or use --direct."
            )
            raise ServerUnreachableError(message) from error
        return _data(self._server, body)


def _data(server: str, body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
        errors = answer.get("errors") or []
        data = answer.get("data")
    except (orjson.JSONDecodeError, AttributeError) as error:
        raise ServerUnreachableError(f"What answers at {server} is no Topicsnap gateway.") from error
    if errors:
        raise ServerRefusedError("\n".join(str(entry.get("message", entry)) for entry in errors))
    if not isinstance(data, dict):
        raise ServerRefusedError(str(answer.get("error", "The gateway answered without data.")))
    return data
