"""Results as parts of one body, as Apollo Client and Apollo Router speak it.

https://www.apollographql.com/docs/graphos/routing/operations/subscriptions/multipart-protocol. A part counts as
received with the delimiter after it, so that is sent right away.
"""

from collections.abc import Mapping

from gateway.http.responses import encode

MULTIPART = "multipart/mixed"
_DELIMITER = b"\r\n--graphql"
_STOPPING = {"message": "The gateway is stopping; subscribe again.", "extensions": {"code": "SERVICE_UNAVAILABLE"}}


class Multipart:
    """The framing."""

    headers: Mapping[str, str] = {
        "Content-Type": f'{MULTIPART};boundary="graphql";subscriptionSpec=1.0',
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",  # nginx would keep parts back
    }

    def begin(self) -> bytes:
        """Open the first part, and send a heartbeat in it at once."""
        return _DELIMITER + self.heartbeat()

    def encode(self, content: Mapping[str, object]) -> bytes:
        """Return a part with a result."""
        return _part({"payload": content})

    def heartbeat(self) -> bytes:
        """Return a part with an empty object."""
        return _part({})

    def end(self) -> bytes:
        """Make the delimiter that was sent last the closing one."""
        return b"--\r\n"

    def interrupt(self) -> bytes:
        """Tell of an error of the transport, as opposed to one of the operation, and end."""
        return _part({"payload": None, "errors": [_STOPPING]}) + self.end()


def _part(content: Mapping[str, object]) -> bytes:
    return b"\r\ncontent-type: application/json\r\n\r\n" + encode(content) + _DELIMITER
