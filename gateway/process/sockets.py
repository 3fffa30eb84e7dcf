"""The socket to listen on, taken before anything else starts, so that a port in use is known at once."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import StartError

_BACKLOG = 2048


@contextmanager
def listening(host: str, port: int, *, choose: str = "--port or TOPICSNAP_PORT") -> Iterator[socket.socket]:
    """Yield a socket that listens there; connections wait in its queue until somebody accepts them.

    Raises StartError, which says what to do, if it cannot listen there; `choose` names the ways to another port.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            message = f"Port {port} on {host} is in use: choose another by {choose} (0 takes a free one)."
            raise StartError(message) from error
        raise StartError(f"Cannot listen on {host}, port {port}: {error.strerror or error}.") from error
    with listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    """The URL at which the socket is reached, with the port that it really has."""
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
