"""Results as server-sent events, as GraphQL over Server-Sent Events has it in its distinct connections mode.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md. Lines end in LF: @graphql-hive/gateway reads no event
at all where they end in CRLF, although the HTML standard allows both.
"""

from collections.abc import Mapping

from gateway.http.responses import encode

EVENT_STREAM = "text/event-stream"


class EventStream:
    """The framing."""

    headers: Mapping[str, str] = {
        "Content-Type": EVENT_STREAM,
        "Cache-Control": "no-cache, no-transform",
        "X-Accel-Buffering": "no",  # nginx would keep events back
    }

    def begin(self) -> bytes:
        """Send something at once, so that proxies pass the headers on."""
        return b":\n\n"

    def encode(self, content: Mapping[str, object]) -> bytes:
        """Return an event; JSON has no line break of its own."""
        return b"event: next\ndata: " + encode(content) + b"\n\n"

    def heartbeat(self) -> bytes:
        """Return a comment."""
        return b":\n\n"

    def end(self) -> bytes:
        """Return the last event; browsers drop events without data."""
        return b"event: complete\ndata:\n\n"

    def interrupt(self) -> bytes:
        """Return nothing: an end without `complete` has clients come again."""
        return b""
