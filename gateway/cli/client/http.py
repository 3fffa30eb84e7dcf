"""GraphQL over HTTP, as any client of a gateway speaks it."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Self

import aiohttp
import orjson

from gateway.cli.client.http_failures import ANSWER_SECONDS, CONNECT_SECONDS, failure, not_ours, redirected
from gateway.cli.client.server_address import ServerAddress, server_address
from gateway.cli.client.transport import Answer
from gateway.errors import ServerRefusedError, ServerUnreachableError

_HEADERS = {"Content-Type": "application/json", "Accept": "application/json"}
_REDIRECTS = range(300, 400)
_MISDIRECTED = 421
_OK = 200
# What other servers call a document that does not fit their schema.
_NOT_UNDERSTOOD = frozenset({"GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT"})


class HttpTransport:
    """Sends operations to one gateway."""

    def __init__(self, session: aiohttp.ClientSession, server: ServerAddress) -> None:
        """Talk to the gateway at `server` through `session`."""
        self._session = session
        self._server = server

    @classmethod
    @asynccontextmanager
    async def open(cls, server: str) -> AsyncIterator[Self]:
        """Yield one with a session of its own. Raises SettingsError where `server` is no address."""
        address = server_address(server)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS, connect=CONNECT_SECONDS)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            yield cls(session, address)

    async def send(self, document: str, variables: Mapping[str, object]) -> Answer:
        """Have the gateway run an operation."""
        payload = orjson.dumps({"query": document, "variables": variables})
        try:
            async with self._session.post(
                self._server.url, data=payload, headers=_HEADERS, allow_redirects=False
            ) as response:
                body = await response.read()
        except (aiohttp.ClientError, OSError, ValueError) as error:
            raise ServerUnreachableError(failure(error, self._server)) from error
        if response.status in _REDIRECTS and "Location" in response.headers:
            raise ServerUnreachableError(redirected(self._server.name, response.headers["Location"]))
        return self._read(body, response.status, response.content_type)

    async def cluster_ids(self) -> Mapping[str, str]:
        """Return nothing: the API does not list clusters."""
        return {}

    async def work(self) -> None:
        """Leave it to the gateway's worker."""

    def _read(self, body: bytes, status: int, media_type: str) -> Answer:
        answer = _parsed(body)
        match answer:
            case {"errors": [{"message": str()}, *_] as errors}:
                if not answer.get("data") and _is_foreign(errors, status):
                    raise ServerRefusedError(
                        f"What answers at {self._server.name} speaks GraphQL, but does not know what this command asks "
                        "for: it is another version of Topicsnap, or another service."
                    ) from ServerRefusedError(str(errors[0]["message"]))
                return answer
            case {"data": dict()}:
                return answer
            case {"error": str(message)} if "requestId" in answer or status == _MISDIRECTED:
                raise ServerRefusedError(f"{self._server.name} answers: {message}")
        raise ServerUnreachableError(not_ours(self._server.name, status, media_type))


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        answer = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return answer if isinstance(answer, dict) else {}


def _is_foreign(errors: Sequence[Mapping[str, Any]], status: int) -> bool:
    """Whether the document was refused before it ran: our gateway answers that with 200, and no code or path."""
    codes = {(error.get("extensions") or {}).get("code") for error in errors}
    before = not any(error.get("path") for error in errors)
    return before and (bool(codes & _NOT_UNDERSTOOD) or (status == _OK and codes == {None}))
