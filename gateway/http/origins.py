"""Whether a browser's WebSocket comes from a page of ours.

Browsers open WebSockets to anywhere, with the user's cookies, for any page; all that tells is the Origin header
(cross-site WebSocket hijacking). Programs that are no browsers send none.
"""

from collections.abc import Sequence

from starlette.requests import HTTPConnection
from strawberry.http.websocket_origin import is_same_origin, normalize_origin


def is_from_here(connection: HTTPConnection, allowed_origins: Sequence[str]) -> bool:
    """Whether `connection` has no origin, its own host's, or one of `allowed_origins` (`*` for any)."""
    origins = connection.headers.getlist("origin")
    if not origins or "*" in allowed_origins:
        return True
    if len(origins) > 1:
        return False
    if is_same_origin(origins[0], connection.headers.get("host")):
        return True
    origin = normalize_origin(origins[0])
    return origin is not None and origin in {normalize_origin(allowed) for allowed in allowed_origins}
