"""What the whole suite shares: one PostgreSQL server, one real Debezium chain, and a way to wait for a state."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from persistence.embedded import EmbeddedPostgres
from sandbox.stack import Sandbox
from sandbox.workspace import workspace
from tests.support.sizes import load_hypothesis_profile

load_hypothesis_profile()
pytest_plugins = ("tests.support.databases", "tests.support.figures", "tests.support.temporary", "tests.tiers")


_MEMORY = Path("/dev/shm")  # noqa: S108 (workspace() makes a directory of our own in it)
_ROOM_BYTES = 2 << 30


def _memory() -> Path | None:
    """A file system in memory where there is room: a test's clone is 300 new files, 0.3 s on a disk and 0.02 s here."""
    roomy = os.access(_MEMORY, os.W_OK | os.X_OK) and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    return _MEMORY if roomy else None


@pytest.fixture(scope="session")
async def postgres_server() -> AsyncIterator[EmbeddedPostgres]:
    """Yield a running server for tests that make databases of their own in it; nothing of it outlives the run."""
    settings = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "max_connections": "200"}
    async with workspace(_memory()) as directory, EmbeddedPostgres(directory / "postgres", settings=settings) as server:
        yield server


@pytest.fixture(scope="session")
async def sandbox() -> AsyncIterator[Sandbox]:
    """Yield the running chain: three filled databases and their Debezium connectors; about seven seconds to start."""
    async with workspace() as directory, Sandbox(directory) as running:
        yield running
