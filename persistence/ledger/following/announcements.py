"""What PostgreSQL announces of the ledger: one connection that listens, opened again whenever it is lost."""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, Self, cast

from asyncpg.exceptions import InterfaceError, PostgresError

from persistence.database.connections import ConnectionOpener, address, connection_opener
from persistence.database.errors import DatabaseError
from persistence.database.pool import APP_ROLE
from snapshots.backoff import Backoff

logger = logging.getLogger(__name__)

CHANNEL = "topicsnap_ledger"
"""Its payloads are JSON `[tenant id, bulk snapshot id]`; the triggers of revisions 0004 and 0008 send them."""

APPLICATION_NAME = "topicsnap-listen"
CHECK_SECONDS = 15.0
"""How long nothing may be heard before the server is asked whether it is still there."""
CLOSE_SECONDS = 2.0
RESTS = Backoff(first_seconds=0.4, longest_seconds=10.0)

Changed = Callable[[str, str], None]
"""Called with the tenant and the id of a bulk snapshot that has changed."""
Listening = Callable[[bool], None]
"""Called with True once announcements arrive, and with False when some may be missed from now on."""


class _Connection(Protocol):
    """The part of asyncpg's connection that is used."""

    async def add_listener(self, channel: str, callback: Callable[..., None]) -> None: ...

    def add_termination_listener(self, callback: Callable[..., None]) -> None: ...

    async def execute(self, query: str) -> str: ...

    async def close(self) -> None: ...

    def terminate(self) -> None: ...


class Announcements:
    """Listens to what changes in the ledger, by whichever process."""

    def __init__(
        self,
        connect: ConnectionOpener,
        target: str,
        *,
        rests: Backoff = RESTS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        """Open connections by `connect`, to what messages call `target`; between attempts `rests` by `pause`."""
        self._connect = connect
        self._target = target
        self._rests = rests
        self._pause = pause
        self._check_seconds = check_seconds

    @classmethod
    def at(cls, url: str) -> Self:
        """Listen on the database at `url` as the application's role; nothing is opened before `follow`."""
        return cls(connection_opener(url, role=APP_ROLE, application_name=APPLICATION_NAME), address(url))

    async def follow(self, changed: Changed, listening: Listening) -> NoReturn:
        """Tell `changed` of every announcement and `listening` of every gap, until cancelled.

        A lost connection is opened again, after longer and longer rests up to ten seconds.
        Whatever was announced meanwhile is lost, and `listening` is the sign to look for oneself.
        """
        attempt = 0
        while True:
            try:
                connection = cast("_Connection", await self._connect())
                try:
                    attempt = 0
                    await self._listen(connection, changed, listening)
                finally:
                    listening(False)  # noqa: FBT003 (a state of two values)
                    await _close(connection)
            except (DatabaseError, PostgresError, InterfaceError, OSError) as error:  # OSError: TimeoutError as well
                log = logger.warning if attempt == 0 else logger.debug
                log("not listening to %s, trying again: %s", self._target, str(error) or type(error).__name__)
            attempt += 1
            await self._pause(self._rests.after(attempt))

    async def _listen(self, connection: _Connection, changed: Changed, listening: Listening) -> None:
        """Pass announcements on until the connection is lost."""
        lost = asyncio.Event()
        heard = False

        def hear(_: object, __: int, ___: str, payload: str) -> None:
            nonlocal heard
            heard = True
            if key := _key(payload):
                changed(*key)

        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(CHANNEL, hear)
        listening(True)  # noqa: FBT003 (a state of two values)
        while not lost.is_set():
            try:
                async with asyncio.timeout(self._check_seconds):
                    await lost.wait()
            except TimeoutError:
                # A network that went away without a word closes no socket.
                if not heard:
                    async with asyncio.timeout(self._check_seconds):
                        await connection.execute("SELECT 1")
                heard = False
        raise OSError("the connection was lost")


def _key(payload: str) -> tuple[str, str] | None:
    """Return the tenant and the id that `payload` names; whoever may connect may notify, so it is read with care."""
    try:
        tenant_id, bulk_snapshot_id = json.loads(payload)
    except (ValueError, TypeError):
        return None
    if isinstance(tenant_id, str) and isinstance(bulk_snapshot_id, str):
        return tenant_id, bulk_snapshot_id
    return None


async def _close(connection: _Connection) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await connection.close()
    except (PostgresError, InterfaceError, OSError):
        connection.terminate()
