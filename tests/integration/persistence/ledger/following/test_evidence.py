"""The ledger's events say by which notification each change was shown, and which signals of somebody else joined."""

from typing import Any

from snapshots.audit import LedgerEvent, LedgerSubject
from snapshots.following.notifications import Notification, NotificationKind
from tests.support.ledger_bench import TENANT, Bench

STARTED, COMPLETED = NotificationKind.STARTED, NotificationKind.COMPLETED


async def events(bench: Bench, source_snapshot_id: str, cause: str = "notification") -> list[LedgerEvent]:
    bulk_id = (await bench.record(source_snapshot_id)).bulk_snapshot_id
    page = (await bench.ledger.auditing.first_events(TENANT, [bulk_id], 100))[bulk_id]
    return [event for event in page.items if event.cause == cause]


async def joinings(bench: Bench, source_snapshot_id: str) -> list[tuple[str | None, str, str]]:
    found = [(event, event.detail or {}) for event in await events(bench, source_snapshot_id)]
    return [(event.from_state, event.to_state, detail["joinedBy"]) for event, detail in found if "joinedBy" in detail]


def evidence(one: Notification) -> dict[str, Any]:
    return {
        "notification": one.kind.value,
        "id": one.id,
        "at": one.at.isoformat(),
        "topic": one.topic,
        "partition": one.partition,
        "offset": one.offset,
    }


async def test_each_event_has_the_place_and_the_engine_s_id_of_what_showed_it(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    begun = bench.notification(STARTED, key.signal_id, partition=3)
    scans = [bench.scanned(key.signal_id, 0), bench.scanned(key.signal_id, 1)]
    ended = bench.notification(COMPLETED, key.signal_id)
    await bench.tell(begun)
    await bench.tell(*scans, ended)
    found = await events(bench, key.source_snapshot_id)
    by_subject = {event.subject_kind: event for event in found if event.to_state != "RUNNING"}
    assert (found[0].to_state, found[0].detail) == ("RUNNING", {"evidence": evidence(begun)})
    assert by_subject[LedgerSubject.SIGNAL].detail == {"evidence": evidence(ended)}
    assert by_subject[LedgerSubject.SOURCE_SNAPSHOT].detail == {"evidence": evidence(ended)}
    topics = (by_subject[LedgerSubject.TOPICS].detail or {})["topics"]
    assert [topic["evidence"] for topic in topics] == [evidence(one) for one in scans]


async def test_what_no_notification_showed_says_so_by_having_none(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    await bench.ledger.abandoning.abandon(
        TENANT, [key.source_snapshot_id], cause="by ada", message="gone", at=bench.now
    )
    found = await events(bench, key.source_snapshot_id, "by ada")
    assert found
    assert "evidence" not in str([event.detail for event in found])


async def test_a_signal_by_hand_that_joins_ours_is_on_record_once(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0", "top_src_0_1")
    await bench.tell(bench.notification(STARTED, key.signal_id))
    told = [bench.scanned("by-hand", 0), bench.scanned("by-hand", 1)]
    await bench.tell(*told)
    await bench.tell(*told)
    await bench.tell(bench.scanned("by-hand", 2))
    assert await joinings(bench, key.source_snapshot_id) == [("RUNNING", "RUNNING", "by-hand")]
    await bench.tell(bench.scanned("another", 2), bench.notification(COMPLETED, "another"))
    assert await joinings(bench, key.source_snapshot_id) == [
        ("RUNNING", "RUNNING", "by-hand"),
        ("RUNNING", "RUNNING", "another"),
    ]


async def test_one_that_joins_and_ends_in_a_batch_is_noted_in_the_state_of_then(bench: Bench) -> None:
    (key,) = await bench.dispatch("top_src_0_0")
    begun, joined = bench.notification(STARTED, key.signal_id), bench.scanned("by-hand", 0)
    await bench.tell(begun, joined, bench.notification(COMPLETED, "by-hand"))
    own = [one for one in await events(bench, key.source_snapshot_id) if one.subject_id == key.source_snapshot_id]
    path = [(one.from_state, one.to_state) for one in own if one.subject_kind is LedgerSubject.SOURCE_SNAPSHOT]
    assert path == [("DISPATCHED", "RUNNING"), ("RUNNING", "RUNNING"), ("RUNNING", "COMPLETED")]
    [noted] = [one.detail for one in own if "joinedBy" in (one.detail or {})]
    assert noted == {"joinedBy": "by-hand", "evidence": evidence(joined)}


async def test_a_signal_of_ours_told_again_joins_nothing(bench: Bench) -> None:
    (older,) = await bench.dispatch("top_src_0_0")
    await bench.tell(bench.notification(STARTED, older.signal_id), bench.scanned(older.signal_id, 0))
    await bench.tell(bench.notification(COMPLETED, older.signal_id))
    (key,) = await bench.dispatch("top_src_0_1")
    await bench.tell(bench.notification(STARTED, key.signal_id), bench.scanned(older.signal_id, 0))
    assert await joinings(bench, key.source_snapshot_id) == []
