"""What the whole suite shares: one PostgreSQL server, one real Debezium chain, and a way to wait for a state."""

from collections.abc import AsyncIterator

import pytest

from persistence.embedded import EmbeddedPostgres
from sandbox.stack import Sandbox
from sandbox.workspace import workspace


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[EmbeddedPostgres]:
    """Yield a running server for tests that make databases of their own in it; nothing of it outlives the run."""
    settings = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
    async with workspace() as directory, EmbeddedPostgres(directory / "postgres", settings=settings) as server:
        yield server


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """Yield the running chain: three filled databases and their Debezium connectors; about seven seconds to start."""
    async with workspace() as directory, Sandbox(directory) as running:
        yield running
