"""The client: runs the operations of `gateway.cli.operations`, and turns answers of failure into errors."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from gateway.cli.client.transport import Answer, Transport
from gateway.cli.operations import document
from gateway.errors import ServerRefusedError, ServerUnreachableError
from snapshots.errors import InvalidRequestError, RequestError
from snapshots.vocabulary import UserErrorCode

NodeData = dict[str, Any]
"""An object of an answer, with GraphQL's names."""

_NO_DATABASE = "SERVICE_UNAVAILABLE"
_INTERNAL = "INTERNAL_ERROR"


class Client:
    """Asks GraphQL, by whatever transport."""

    def __init__(self, transport: Transport) -> None:
        """Ask through `transport`."""
        self.transport = transport

    async def execute(self, operation: str, **variables: object) -> dict[str, Any]:
        """Run the operation of the file `operation` and return its data.

        Raises ServerUnreachableError where nobody answers, or a gateway without its database; ServerRefusedError with
        what the gateway says is wrong; in process also DatabaseError.
        """
        return _data(await self.transport.send(document(operation), variables))

    async def mutate(
        self, operation: str, given: Mapping[str, object], *, allowing: UserErrorCode | None = None
    ) -> dict[str, Any]:
        """Run a mutation of one field with the input `given` and return its payload.

        Raises what `execute` raises, and InvalidRequestError for user errors, but not for those of the code `allowing`.
        """
        data = await self.execute(operation, input=given)
        (payload,) = data.values()
        if errors := [_user_error(error) for error in payload["userErrors"] if error["code"] != allowing]:
            raise InvalidRequestError(tuple(errors))
        return dict(payload)

    async def nodes_of(self, operation: str, **variables: object) -> AsyncIterator[NodeData]:
        """Yield the nodes of all pages of an operation whose one field is a connection. Raises what `execute` does."""
        after: str | None = None
        while True:
            (page,) = (await self.execute(operation, after=after, **variables)).values()
            for edge in page["edges"]:
                yield edge["node"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]


def _data(answer: Answer) -> dict[str, Any]:
    errors: Sequence[Mapping[str, Any]] = answer.get("errors") or ()
    if errors:
        codes = {(error.get("extensions") or {}).get("code") for error in errors}
        message = "\n".join(_sentence(error) for error in errors)
        raise (ServerUnreachableError if _NO_DATABASE in codes else ServerRefusedError)(message)
    return dict(answer["data"])


def _sentence(error: Mapping[str, Any]) -> str:
    extensions = error.get("extensions") or {}
    if extensions.get("code") == _INTERNAL:
        return f"Internal error of the gateway. See its log for the request id {extensions.get('requestId')}."
    return str(error.get("message"))


def _user_error(error: Mapping[str, Any]) -> RequestError:
    code = error["code"]
    # A newer gateway may know codes that we do not.
    known = UserErrorCode(code) if code in set(UserErrorCode) else UserErrorCode.INVALID_VALUE
    return RequestError(known, error["message"], tuple(error["field"] or ()))
