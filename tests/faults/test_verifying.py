"""Verifying by the clock of the real processes: the verdict comes by itself, once, also where a worker dies at it."""

from typing import cast

import pytest

from persistence.embedded.sessions import connected
from sandbox.waiting import eventually
from snapshots.records import TopicSnapshotRecord
from snapshots.vocabulary import SnapshotVerdict, VerificationState
from tests.faults.counts import tell
from tests.faults.sources import BIG, BIG_ROWS, DESK, SMALL_ROWS, VAULT
from tests.faults.stand import TENANT, Asked, Stand

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

_VERDICT_SECONDS = 120.0
ASKED: tuple[Asked, ...] = ((VAULT, "one"), (DESK, BIG))


async def _topics(stand: Stand, bulk_id: str) -> list[TopicSnapshotRecord]:
    record = (await stand.services.ledger.reading.bulk_snapshots(TENANT, [bulk_id]))[bulk_id]
    return [topic for snapshot in record.snapshots for topic in snapshot.topics]


async def _verified(stand: Stand, bulk_id: str) -> dict[int | None, SnapshotVerdict | None]:
    """Return the verdicts by the rows that were expected, once all are there."""

    async def probe() -> list[TopicSnapshotRecord] | None:
        topics = await _topics(stand, bulk_id)
        done = all(topic.verification is VerificationState.DONE for topic in topics)
        return topics if done else None

    topics = await eventually(probe, _VERDICT_SECONDS, f"the verdicts on {bulk_id}")
    for topic in topics:
        tell(f"{topic.topic.name}: {topic.verdict} {topic.expected_rows} {topic.emitted_rows} {topic.verdict_reason}")
    return {topic.expected_rows: topic.verdict for topic in topics}


async def _times_told(stand: Stand, bulk_id: str) -> list[tuple[int, int]]:
    """Return for each topic how often its verdict was told, and at which attempt."""
    query = (
        "SELECT count(*), max((detail->>'attempt')::int) FROM ledger_event "
        "WHERE bulk_snapshot_id = $1 AND subject_kind = 'VERIFICATION' GROUP BY subject_id ORDER BY 2"
    )
    async with connected(stand.chain.url) as connection:
        rows = cast("list[tuple[int, int]]", await connection.fetch(query, bulk_id))
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize("beside", [False, True], ids=["the gateway", "a worker"])
async def test_the_verdict_comes_by_itself(stand: Stand, *, beside: bool) -> None:
    async with stand.gateway(TOPICSNAP_FOLLOW=str(not beside).lower()) as gateway:
        bulk_id = await gateway.ask(stand.ids(*ASKED), verify=True)
        assert bulk_id
        if beside:
            assert {topic.verification for topic in await _topics(stand, bulk_id)} == {VerificationState.PENDING}
            async with stand.worker():
                verdicts = await _verified(stand, bulk_id)
        else:
            verdicts = await _verified(stand, bulk_id)

    assert verdicts == {SMALL_ROWS: SnapshotVerdict.COMPLETE, BIG_ROWS: SnapshotVerdict.COMPLETE}
    assert await _times_told(stand, bulk_id) == [(1, 1), (1, 1)]


async def test_what_a_killed_worker_verified_another_verifies(stand: Stand) -> None:
    async with stand.gateway(TOPICSNAP_FOLLOW="false") as gateway:
        bulk_id = await gateway.ask(stand.ids(*ASKED), verify=True)
        assert bulk_id
        async with stand.worker(step="while verifying") as victim:
            assert await victim.process.wait() == -9
        assert VerificationState.RUNNING in {topic.verification for topic in await _topics(stand, bulk_id)}
        assert await _times_told(stand, bulk_id) == []
        async with stand.worker(), stand.worker():
            verdicts = await _verified(stand, bulk_id)

    assert verdicts == {SMALL_ROWS: SnapshotVerdict.COMPLETE, BIG_ROWS: SnapshotVerdict.COMPLETE}
    told = await _times_told(stand, bulk_id)
    assert [times for times, _ in told] == [1, 1]
    assert max(attempt for _, attempt in told) == 2
