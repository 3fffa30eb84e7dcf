"""JSON answers, and the one shape of an error outside of GraphQL's and the seed's own."""

import json
from collections.abc import Collection, Mapping

import orjson
from starlette.requests import Request
from starlette.responses import Response

JSON = "application/json"


def encode(content: object) -> bytes:
    """Return `content` as JSON in UTF-8."""
    try:
        return orjson.dumps(content)
    except TypeError:
        # Text that UTF-8 does not know (an unpaired surrogate in a message, say) is worth an escape, not a failure.
        return json.dumps(content).encode()


def json_response(
    content: object, status: int = 200, *, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer with `content` as JSON."""
    return Response(encode(content), status, headers, media_type)


class RequestRefusedError(Exception):
    """An HTTP request that is answered with an error before anything is done for it.

    Attributes: status (an HTTP status code), message (a sentence for the user), headers (such as Allow).
    """

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Build the error from the status, a sentence for the user, and headers of the answer."""
        super().__init__(message)
        self.status = status
        self.message = message
        self.headers = headers


def check_method(request: Request, allowed: Collection[str]) -> None:
    """Raise RequestRefusedError (405) unless the method of `request` is `allowed`."""
    if request.method not in allowed:
        methods = ", ".join(allowed)
        raise RequestRefusedError(405, f"This path takes {methods}.", {"Allow": methods})
