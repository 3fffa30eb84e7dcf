"""Opening a client: of a gateway, or with `--direct` of the database itself."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from gateway.cli.client.client import Client


@asynccontextmanager
async def open_client(server: str, *, direct: bool) -> AsyncIterator[Client]:
    """Yield a client of the gateway at `server`, or with `direct` of the database.

    A gateway is the default: it runs anyway, follows what it dispatched, and has the secrets that the catalogue refers
    to in its environment. Raises SettingsError; with `direct` StartError and DatabaseError.
    """
    if direct:
        from gateway.cli.client.in_process import InProcessTransport

        async with InProcessTransport.open() as transport:
            yield Client(transport)
        return
    from gateway.cli.client.http import HttpTransport

    async with HttpTransport.open(server) as http:
        yield Client(http)
