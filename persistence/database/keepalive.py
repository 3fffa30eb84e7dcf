"""Noticing a PostgreSQL server that is gone without a word: no power, or a firewall that forgot the connection."""

import socket
from typing import Any

import asyncpg

IDLE_SECONDS = 30
"""How long nothing may be heard before the other side's kernel is asked; Linux asks after two hours by default."""
INTERVAL_SECONDS = 10
COUNT = 3
UNANSWERED_SECONDS = IDLE_SECONDS + COUNT * INTERVAL_SECONDS
"""After so long without a word of the other side's kernel the connection counts as lost."""

_OPTIONS = {
    "TCP_KEEPIDLE": IDLE_SECONDS,
    "TCP_KEEPINTVL": INTERVAL_SECONDS,
    "TCP_KEEPCNT": COUNT,
    "TCP_USER_TIMEOUT": UNANSWERED_SECONDS * 1000,  # for what was sent and not acknowledged, in milliseconds
}


class KeptAliveConnection(asyncpg.Connection):
    """A connection of asyncpg, which itself sets no keepalive (0.32), whose socket has one."""

    def __init__(self, protocol: Any, transport: Any, *rest: Any) -> None:  # noqa: ANN401 - asyncpg ships no types
        """Take over an open `transport`, as asyncpg's `connection_class` does."""
        super().__init__(protocol, transport, *rest)
        keep_alive(transport.get_extra_info("socket"))


def keep_alive(connected: socket.socket | None) -> None:
    """Have the kernel look after the peer of `connected`; options that this system does not have are left out."""
    if connected is None or connected.family not in {socket.AF_INET, socket.AF_INET6}:
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS.items():
        if hasattr(socket, name):
            connected.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
