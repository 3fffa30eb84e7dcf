"""The bench on which the ledger's tests work."""

import pytest

from persistence.database.pool import Database
from persistence.ledger import Ledger
from snapshots.identifiers import IdMaker
from tests.support.ledger_bench import Bench, catalogue, store


@pytest.fixture
async def bench(database: Database) -> Bench:
    """A ledger over six connectors of three tables each."""
    routes = catalogue(6, 3)
    await store(database, routes)
    return Bench(
        database,
        Ledger.over(database, IdMaker(), idempotency_days=7),
        routes,
        source_ids=[f"src_{n}" for n in range(6)],
    )
