"""What clients are told while a lock keeps Topicsnap's own database from answering, and that nothing is lost by it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from persistence.database.deadlines import Deadlines
from persistence.database.pool import Database
from tests.support.api import Api
from tests.support.databases import Administrator

MUTATION = """
mutation($key: String) {
  bulkSnapshotTopics(input: {topicIds: ["top_orders"], idempotencyKey: $key}) { bulkSnapshot { id state } }
}
"""
REST = {"topic_ids": ["top_orders"], "idempotency_key": "once"}


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's database, with a lock time-out that tests can wait for."""
    database = Database.connect(database_url, deadlines=Deadlines(lock_seconds=0.2))
    yield database
    await database.close()


@asynccontextmanager
async def locked(administrator: Administrator, table: str) -> AsyncIterator[None]:
    """Hold `table` as an ALTER TABLE would."""
    await administrator.execute("BEGIN")
    await administrator.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
    try:
        yield
    finally:
        await administrator.execute("ROLLBACK")


@pytest.mark.parametrize("table", ["topic", "bulk_snapshot", "active_snapshot", "ledger_event"])
async def test_a_client_is_told_to_try_again_and_the_same_key_then_works(
    api: Api, administrator: Administrator, table: str
) -> None:
    async with locked(administrator, table):
        answer = await api.graphql(MUTATION, {"key": "once"})
        rest = await api.post(REST, "/topics/bulk/snapshot")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["SERVICE_UNAVAILABLE"]
    assert (rest.status, rest.headers["retry-after"]) == (503, "5")
    assert api.channel.recorded == ()
    payload = (await api.data(MUTATION, {"key": "once"}))["bulkSnapshotTopics"]
    assert payload["bulkSnapshot"]["state"] == "IN_PROGRESS"
    assert len(api.channel.recorded) == 1
