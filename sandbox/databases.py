"""Filling a source database, and what is in it then."""

from dataclasses import dataclass
from typing import cast

from persistence.embedded.sessions import connected, quoted
from sandbox.sources import Source

_TABLES = """
SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema' ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A table of a source database."""

    data_collection: str
    """As signals name it."""
    topic: str
    rows: int
    """When it was filled."""


async def fill(source: Source, url: str) -> tuple[SourceTable, ...]:
    """Make and fill the tables of a new database and return them all, the signal table among them."""
    async with connected(url) as connection:
        await connection.execute(source.sql())
        tables = []
        for record in await connection.fetch(_TABLES):
            schema, table = cast("tuple[str, str]", record)
            name = f"{quoted(schema)}.{quoted(table)}"
            rows = await connection.fetchval(f"SELECT count(*) FROM {name}")  # noqa: S608 - quoted names of our tables
            tables.append(SourceTable(f"{schema}.{table}", source.topic(schema, table), cast("int", rows)))
        # Statistics now, so that no autovacuum comes into a demo's or a test's way.
        await connection.execute("ANALYZE")
    return tuple(tables)
