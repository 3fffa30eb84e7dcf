"""Topicsnap's own database: the one that is configured, or an embedded one that needs no care."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.errors import StartError
from gateway.settings import Settings
from persistence.embedded import EmbeddedPostgres, EmbeddedPostgresError
from persistence.embedded.attach import running_url
from persistence.migrations import upgrade

DATABASE = "topicsnap"
_FOLDER = "postgres"


@asynccontextmanager
async def open_database(settings: Settings, *, attach: bool = False) -> AsyncIterator[str]:
    """Yield the owner's URL of the database, which holds a password.

    An embedded one is started and migrated first, and stopped at the end. With `attach`, for commands, one that a
    running gateway holds is used where there is one. A configured one is taken as it is.

    Raises StartError where the embedded one cannot run, DatabaseError where it cannot be migrated.
    """
    if settings.database_url is not None:
        yield settings.database_url.get_secret_value()
        return
    directory = settings.data_dir / _FOLDER
    if attach and (url := _attach(directory)):
        yield url
        return
    server = EmbeddedPostgres(directory)
    try:
        await server.start()
    except EmbeddedPostgresError as error:
        message = f"{error}. TOPICSNAP_DATABASE_URL names a PostgreSQL of your own instead, TOPICSNAP_DATA_DIR another "
        raise StartError(message + "directory.") from error
    try:
        await server.create_database(DATABASE)
        await upgrade(server.url(DATABASE))
        yield server.url(DATABASE)
    finally:
        await server.stop()


def _attach(directory: Path) -> str | None:
    try:
        return running_url(directory, DATABASE)
    except OSError as error:
        reason = "it belongs to another user" if isinstance(error, PermissionError) else str(error.strerror)
        raise StartError(f"The embedded PostgreSQL in {directory} cannot be used: {reason}.") from error
