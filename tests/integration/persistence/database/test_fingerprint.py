"""Which database is which."""

from persistence.database.fingerprint import fingerprint
from persistence.database.pool import Database
from tests.support.databases import Server


async def test_it_stays_with_the_database_and_tells_others_apart(
    database: Database, database_url: str, postgres_server: Server
) -> None:
    first = await fingerprint(database)
    again = Database.connect(database_url.replace("127.0.0.1", "localhost"), role=None)
    other = Database.connect(postgres_server.url("postgres"), role=None)
    assert await fingerprint(again) == first
    assert await fingerprint(other) != first
    assert len(first) == 12
    await again.close()
    await other.close()
