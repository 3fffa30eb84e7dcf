"""Which streaming framing a client takes, by its Accept header."""

from gateway.graphql.answer import GRAPHQL_JSON
from gateway.graphql.multipart import MULTIPART, Multipart
from gateway.graphql.sse import EVENT_STREAM, EventStream
from gateway.graphql.stream import Framing
from gateway.http.responses import JSON


def streaming(accept: str) -> Framing | None:
    """Return the framing for a subscription; None where the client takes none that we have."""
    parts = [_parse(part) for part in accept.split(",")]
    if any(media_type == EVENT_STREAM for media_type, _ in parts):
        return EventStream()
    if any(media_type == MULTIPART and _is_subscription_spec(parameters) for media_type, parameters in parts):
        return Multipart()
    return None


def takes_events_only(accept: str) -> bool:
    """Whether queries and mutations have to be answered by events too, as graphql-sse expects it.

    urql names everything that it can read in every request: it is answered with JSON where that will do.
    """
    media_types = {media_type for media_type, _ in map(_parse, accept.split(","))}
    return EVENT_STREAM in media_types and not media_types & {JSON, GRAPHQL_JSON}


def _parse(part: str) -> tuple[str, dict[str, str]]:
    media_type, *parameters = part.split(";")
    pairs = (parameter.partition("=") for parameter in parameters)
    return media_type.strip().lower(), {name.strip().lower(): value.strip().strip("'\"") for name, _, value in pairs}


def _is_subscription_spec(parameters: dict[str, str]) -> bool:
    return parameters.get("subscriptionspec", "").startswith("1.0")
