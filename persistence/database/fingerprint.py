"""Telling one database from another, whatever the address under which it is reached."""

import hashlib

from sqlalchemy import text

from persistence.database.pool import Database

_IDENTITY = text(
    "SELECT (SELECT system_identifier FROM pg_control_system())::text, oid::text "
    "FROM pg_database WHERE datname = current_database()"
)
_CHARACTERS = 12


async def fingerprint(database: Database) -> str:
    """Return a word of 12 characters that stays with the database, and that no other database has.

    Made from the server's system identifier, which initdb draws, and the database's oid. A physical copy of the server
    has the same. Raises DatabaseError.
    """
    async with database.read() as connection:
        identity = (await connection.execute(_IDENTITY)).one()
    return hashlib.sha256("/".join(identity).encode()).hexdigest()[:_CHARACTERS]
