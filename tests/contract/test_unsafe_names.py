"""Why a table with blanks or quotes in its name is never read incrementally: it stops a real Debezium."""

import json
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from persistence.embedded.sessions import connected
from sandbox.errors import SandboxError
from sandbox.sources import Source, connector_config
from sandbox.stack import Sandbox
from sandbox.topics import read_topics
from sandbox.waiting import eventually
from snapshots.signalling.names import stops_connector
from snapshots.vocabulary import Dialect, SnapshotType

pytestmark = pytest.mark.e2e

UNSAFE = Source("unsafe", channel="source", include={"table.include.list": r"public\..*"})
ROWS = 4_000
SIGNAL = "INSERT INTO debezium_signal VALUES ('by-hand', 'execute-snapshot', $1)"


@pytest.fixture
async def connector(sandbox: Sandbox) -> AsyncIterator[str]:
    """The URL of a database with a table `x y`, whose connector reads ten rows at a time."""
    await sandbox.postgres.create_database(UNSAFE.name)
    url = sandbox.postgres.url(UNSAFE.name)
    async with connected(url) as connection:
        await connection.execute("CREATE TABLE debezium_signal (id text PRIMARY KEY, type text NOT NULL, data text)")
        await connection.execute('CREATE TABLE "x y" (id int PRIMARY KEY)')
        await connection.execute('INSERT INTO "x y" SELECT generate_series(1, $1::int)', ROWS)
    config = connector_config(
        UNSAFE,
        host="127.0.0.1",
        port=sandbox.postgres.port,
        password=urlsplit(url).password or "",
        bootstrap=sandbox.broker.bootstrap,
    )
    await sandbox.broker.create_topics([UNSAFE.topic("public", "x y")])
    await sandbox.add_connector(UNSAFE.connector, {**config, "incremental.snapshot.chunk.size": "10"})
    yield url
    await sandbox.connect.delete_connector(UNSAFE.connector)


async def test_a_connector_that_starts_anew_meanwhile_cannot_read_its_offset(sandbox: Sandbox, connector: str) -> None:
    assert stops_connector("public.x y", SnapshotType.INCREMENTAL, Dialect.POSTGRESQL)
    async with connected(connector) as connection:  # quoted, as it has to be to be understood at all
        data = json.dumps({"data-collections": ['"public"."x y"'], "type": "INCREMENTAL"})
        await connection.execute(SIGNAL, data)
    topic = UNSAFE.topic("public", "x y")
    begun = await read_topics(sandbox.broker.bootstrap, [topic], lambda records: len(records) >= ROWS // 20, 30.0)
    assert ROWS // 20 <= len(begun) < ROWS, "it should be under way"

    await sandbox.connect.restart_connector(UNSAFE.connector)

    async def failed() -> bool:
        return "FAILED" in await sandbox.connect.states(UNSAFE.connector)

    await eventually(failed, 30.0, "the connector to fail")
    with pytest.raises(SandboxError, match="Unexpected input: y"):
        await sandbox.connect.wait_running(UNSAFE.connector)
