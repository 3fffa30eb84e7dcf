"""A notification that cannot be applied goes out of the way with its place, and is counted for its connector."""

from datetime import timedelta

import pytest

from persistence.database.errors import DatabaseError
from snapshots.dead_letters import DeadLetters
from snapshots.following.notifications import NotificationKind
from snapshots.states import SnapshotState
from tests.support.databases import Administrator
from tests.support.ledger_bench import NOW, TENANT, Bench


async def test_its_place_is_passed_in_the_same_transaction(bench: Bench, administrator: Administrator) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    letter = bench.letter()
    assert await bench.ledger.dead_letters.add(TENANT, letter)
    again = letter.notification
    assert await bench.tell(again) == ()
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.DISPATCHED
    await bench.tell(bench.notification(NotificationKind.STARTED, key.signal_id))
    assert (await bench.record(key.source_snapshot_id)).state is SnapshotState.RUNNING
    row = await administrator.fetchval("SELECT to_jsonb(d) - 'first_failed_at' - 'last_failed_at' FROM dead_letter d")
    assert str(row).count("secret") == 0
    assert await administrator.fetchval("SELECT headers ->> 0 FROM dead_letter") == "name"


async def test_what_was_applied_already_is_no_dead_letter(bench: Bench) -> None:
    letter = bench.letter()
    await bench.tell(letter.notification)
    assert not await bench.ledger.dead_letters.add(TENANT, letter)
    assert await bench.ledger.dead_letters.count(TENANT) == 0


async def test_to_set_it_aside_again_changes_nothing(bench: Bench) -> None:
    letter = bench.letter()
    assert await bench.ledger.dead_letters.add(TENANT, letter)
    assert not await bench.ledger.dead_letters.add(TENANT, letter)
    assert await bench.ledger.dead_letters.count(TENANT) == 1


async def test_a_topic_that_was_made_anew_can_have_one_at_the_same_offset(bench: Bench) -> None:
    first = bench.letter(offset=3)
    anew = bench.letter(offset=3, record_timestamp_ms=first.notification.record_timestamp_ms + 1)
    assert await bench.ledger.dead_letters.add(TENANT, first)
    assert await bench.ledger.dead_letters.add(TENANT, anew)
    assert await bench.ledger.dead_letters.count(TENANT) == 2


async def test_they_are_counted_for_the_connector_that_they_name(bench: Bench) -> None:
    last = NOW + timedelta(minutes=1)
    await bench.ledger.dead_letters.add(TENANT, bench.letter(topic="prefix0.notifications"))
    await bench.ledger.dead_letters.add(TENANT, bench.letter(topic="prefix0.notifications", last_failed_at=last))
    await bench.ledger.dead_letters.add(TENANT, bench.letter(topic="elsewhere"))
    place = f"prefix0.notifications/0@{bench.offset - 1}"
    found = await bench.ledger.dead_letters.of_sources(TENANT, ["src_0", "src_1", "nobody", "\x00"])
    assert found == {"src_0": DeadLetters(2, last, "ValueError: too large", place)}
    assert await bench.ledger.dead_letters.of_sources("other", ["src_0"]) == {}
    assert await bench.ledger.dead_letters.count("other") == 0


async def test_a_cluster_that_is_not_there_has_none(bench: Bench) -> None:
    with pytest.raises(Exception, match="connect_cluster") as caught:
        await bench.ledger.dead_letters.add(TENANT, bench.letter(cluster_id="nobody"))
    assert not isinstance(caught.value, DatabaseError)
