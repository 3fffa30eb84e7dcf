"""The running chain: a signal reads its table and no other, whichever way it comes; nothing is left at the end."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Sequence
from itertools import count
from pathlib import Path

import pytest

from persistence.embedded import runfile
from persistence.embedded.processes import until
from persistence.embedded.sessions import connected
from sandbox.errors import SandboxError
from sandbox.sources import connector_config
from sandbox.stack import RunningSource, Sandbox
from sandbox.topics import Json, Record, count_snapshot_rows, read_topics, write_record
from sandbox.workspace import workspace

pytestmark = pytest.mark.e2e

TIMEOUT_SECONDS = 60.0
NUMBERS = count(1)
PARENT = """
import asyncio, sys
from pathlib import Path
from sandbox.stack import Sandbox
from sandbox.workspace import workspace

async def main():
    async with workspace() as directory, Sandbox(directory) as sandbox:
        print(directory, flush=True)
        await asyncio.sleep(300)

asyncio.run(main())
"""


def execute_snapshot(*data_collections: str) -> Json:
    """Return the data of an incremental signal, by hand: this proves the chain, not our own code."""
    return {"data-collections": data_collections, "type": "INCREMENTAL"}


async def signal_by_table(source: RunningSource, *data_collections: str) -> str:
    """Insert a signal and return its id."""
    signal_id = f"table-{next(NUMBERS)}"
    async with connected(source.database_url) as connection:
        insert = "INSERT INTO public.debezium_signal VALUES ($1, 'execute-snapshot', $2)"
        await connection.execute(insert, signal_id, json.dumps(execute_snapshot(*data_collections)))
    return signal_id


async def signal_by_kafka(sandbox: Sandbox, source: RunningSource, *data_collections: str) -> str:
    """Send a signal and return its id."""
    signal_id = f"kafka-{next(NUMBERS)}"
    value: Json = {"id": signal_id, "type": "execute-snapshot", "data": execute_snapshot(*data_collections)}
    await write_record(sandbox.broker.bootstrap, source.source.signal_topic, source.topic_prefix, value)
    return signal_id


def types_of(records: Sequence[Record], signal_id: str) -> list[object]:
    """Return the types of the signal's notifications, in order."""
    return [record.value["type"] for record in records if record.value and record.value["id"] == signal_id]


async def outcome(sandbox: Sandbox, source: RunningSource, signal_id: str) -> list[object]:
    """Wait for the end of the snapshot and return the types of its notifications."""
    records = await read_topics(
        sandbox.broker.bootstrap,
        [source.source.notification_topic],
        lambda records: "COMPLETED" in types_of(records, signal_id),
        TIMEOUT_SECONDS,
    )
    return types_of(records, signal_id)


async def snapshot_rows(sandbox: Sandbox, source: RunningSource, *expected: str) -> dict[str, int]:
    """Return the snapshot rows of all topics of the source, once the expected tables are there in full."""
    wanted = {source.table(name).topic: source.table(name).rows for name in expected}

    def all_there(records: Sequence[Record]) -> bool:
        counts = count_snapshot_rows(records)
        return all(counts.get(topic, 0) >= rows for topic, rows in wanted.items())

    topics = [table.topic for table in source.tables]
    return count_snapshot_rows(await read_topics(sandbox.broker.bootstrap, topics, all_there, TIMEOUT_SECONDS))


async def test_every_connector_runs_over_filled_tables(sandbox: Sandbox) -> None:
    assert set(sandbox.sources) == {"shop", "billing", "crm"}
    tables = [table for source in sandbox.sources.values() for table in source.tables]
    assert len(tables) >= 12
    assert max(table.rows for table in tables) == 100_000
    for source in sandbox.sources.values():
        assert await sandbox.connect.states(source.source.connector) == ("RUNNING", "RUNNING")


async def test_a_signal_reads_its_table_and_no_other() -> None:
    """All three sources at the same time, each by its own channel; in a sandbox that no other test has written to."""
    async with workspace() as directory, Sandbox(directory) as sandbox:
        shop, billing, crm = (sandbox.sources[name] for name in ("shop", "billing", "crm"))
        signals = (
            (shop, "public.products", await signal_by_table(shop, "public.products")),
            (billing, "public.payments", await signal_by_kafka(sandbox, billing, "public.payments")),
            (crm, "public.deals", await signal_by_kafka(sandbox, crm, "public.deals")),
        )

        for source, table, signal_id in signals:
            types = await outcome(sandbox, source, signal_id)
            assert types[0] == "STARTED"
            assert types[-2:] == ["TABLE_SCAN_COMPLETED", "COMPLETED"]
            rows = await snapshot_rows(sandbox, source, table)
            assert rows == {source.table(table).topic: source.table(table).rows}


async def test_a_killed_worker_goes_on_with_its_connectors() -> None:
    """In a sandbox of its own beside the shared one, since it breaks things; a fourth connector is one of them."""
    async with workspace() as directory, Sandbox(directory) as sandbox:
        shop, crm = sandbox.sources["shop"], sandbox.sources["crm"]
        config = dict(crm.connector_config) | {
            "topic.prefix": "fourth",
            "slot.name": "fourth_slot",
            "publication.name": "fourth_publication",
            "notification.sink.topic.name": "fourth.notifications",
            "signal.kafka.topic": "fourth-signal",
            "signal.kafka.groupId": "fourth-signals",
        }
        await sandbox.broker.create_topics(["fourth-signal", "fourth.notifications"])
        await sandbox.add_connector("fourth", config)
        url = sandbox.connect.url

        sandbox.connect.kill()
        # Written while it is down: the log of the database keeps it.
        signal_id = await signal_by_table(shop, "inventory.warehouses")
        await sandbox.connect.start()

        assert sandbox.connect.url == url
        for name in ("fourth", *(source.source.connector for source in sandbox.sources.values())):
            await sandbox.connect.wait_running(name)
        assert (await outcome(sandbox, shop, signal_id))[-1] == "COMPLETED"
        assert await snapshot_rows(sandbox, shop, "inventory.warehouses") == {"shop.inventory.warehouses": 3}

        await sandbox.connect.pause("fourth")
        await sandbox.connect.wait_for_state("fourth", "PAUSED")
        await sandbox.connect.resume("fourth")
        await sandbox.connect.wait_running("fourth")
        await sandbox.connect.delete_connector("fourth")
        await sandbox.connect.restart()
        await sandbox.connect.wait_running(shop.source.connector)
        assert await sandbox.connect.states("fourth") == ()


async def test_a_bad_connector_is_told(sandbox: Sandbox) -> None:
    config = connector_config(
        sandbox.sources["crm"].source, host="127.0.0.1", port=1, password="x", bootstrap=sandbox.broker.bootstrap
    )

    with pytest.raises(SandboxError, match="400"):
        await sandbox.connect.create_connector("bad", config)


async def test_a_failed_start_ends_what_had_started() -> None:
    steps: list[tuple[str, str]] = []
    async with workspace() as directory:
        broken = Sandbox(directory, lambda step, state: steps.append((step, state)))
        broken.connect.main_class = "no.such.Class"

        with pytest.raises(SandboxError, match=r"Kafka Connect did not start: .*no\.such\.Class"):
            async with broken:
                pass

        assert ("Kafka broker", "ready") in steps
        assert ("Kafka Connect", "failed") in steps
        assert list(directory.rglob("*.run.json")) == []


async def test_a_cancelled_start_ends_what_had_started() -> None:
    async with workspace() as directory:
        connect_starts = asyncio.Event()

        def report(step: str, state: str) -> None:
            if (step, state) == ("Kafka Connect", "starting"):
                connect_starts.set()

        starting = asyncio.create_task(Sandbox(directory, report).__aenter__())
        await asyncio.wait_for(connect_starts.wait(), TIMEOUT_SECONDS)

        starting.cancel()

        with pytest.raises(asyncio.CancelledError):
            await starting
        assert list(directory.rglob("*.run.json")) == []


async def test_killing_the_parent_leaves_nothing() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, cwd=Path.cwd()) as parent:
        assert parent.stdout is not None
        line = await asyncio.to_thread(parent.stdout.readline)
        directory = Path(line.decode().strip())
        records = [(path.parent, path.name.removesuffix(".run.json")) for path in directory.rglob("*.run.json")]
        assert {name for _, name in records} == {"postgres", "broker", "connect"}
        parent.kill()

    if sys.platform == "linux":
        assert await until(lambda: all(runfile.orphan_pid(*record) is None for record in records), TIMEOUT_SECONDS)
    async with workspace():
        assert not directory.exists()
