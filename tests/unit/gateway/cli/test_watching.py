"""Watching a bulk snapshot: what is shown, and when it ends."""

import io
import json
from collections.abc import Iterator
from typing import Any, cast

from rich.console import Console

from gateway.cli.bulk_snapshots import BulkSnapshotData, has_ended, was_all_read, was_read, was_taken
from gateway.cli.watching import print_states, summary, watch_bulk


def bulk(state: str, source: str, topic: str, rows: int | None = None, message: str | None = None) -> BulkSnapshotData:
    """What GraphQL answers of a bulk snapshot of one topic, as far as it is read."""
    topics = [
        {
            "topic": {"id": "top_1", "name": "shop.public.orders"},
            "state": topic,
            "rowsScanned": None if rows is None else str(rows),
            "outcome": None,
            "verification": "NOT_REQUESTED",
            "verdict": None,
            "verdictReason": None,
        }
    ]
    snapshot = {
        "id": "snap_1",
        "source": {"id": "src_1", "name": "shop", "cluster": "east"},
        "state": source,
        "message": message,
        "stalledSince": None,
        "topics": topics,
    }
    given = {"id": "bulk_1", "state": state, "snapshotType": "INCREMENTAL", "snapshots": [snapshot]}
    return cast("BulkSnapshotData", given | {"results": [], "skippedTopics": []})


STORY = (
    bulk("IN_PROGRESS", "DISPATCHED", "PENDING"),
    bulk("IN_PROGRESS", "RUNNING", "RUNNING"),
    bulk("IN_PROGRESS", "RUNNING", "RUNNING"),
    bulk("COMPLETED", "COMPLETED", "COMPLETED", 12_000),
)


def with_source(given: BulkSnapshotData, **values: object) -> BulkSnapshotData:
    """`given` with other values of its source snapshot."""
    [snapshot] = given["snapshots"]
    return cast("BulkSnapshotData", {**given, "snapshots": [{**snapshot, **values}]})


def with_topic(given: BulkSnapshotData, **values: object) -> BulkSnapshotData:
    """`given` with other values of its topic."""
    [topic] = given["snapshots"][0]["topics"]
    return with_source(given, topics=[{**topic, **values}])


async def watch(story: Iterator[BulkSnapshotData], *, terminal: bool) -> tuple[BulkSnapshotData, str]:
    out = io.StringIO()

    async def ask() -> BulkSnapshotData:
        return next(story)

    last = await watch_bulk(ask, Console(file=out, force_terminal=terminal, width=120, no_color=True), poll_seconds=0.0)
    return last, out.getvalue()


async def test_each_change_is_one_line_without_a_terminal() -> None:
    last, text = await watch(iter(STORY), terminal=False)
    assert last is STORY[-1]
    assert text.splitlines() == [
        "shop: DISPATCHED",
        "shop: RUNNING",
        "shop.public.orders: RUNNING",
        "shop: COMPLETED",
        "shop.public.orders: COMPLETED, 12,000 rows",
    ]


async def test_bars_on_a_terminal_end_with_the_end() -> None:
    last, text = await watch(iter(STORY), terminal=True)
    assert last is STORY[-1]
    assert "1/1" in text
    assert "12,000 rows" in text


async def test_a_failure_says_why() -> None:
    _, text = await watch(iter([bulk("FAILED", "FAILED", "FAILED", message="The table is gone [1].")]), terminal=False)
    assert "shop: FAILED (The table is gone [1].)" in text


def verifying(verdict: str | None) -> BulkSnapshotData:
    """The end of the story, with a verification that found `verdict`, or is under way."""
    state = "DONE" if verdict else "RUNNING"
    return with_topic(STORY[-1], verification=state, verdict=verdict, verdictReason=verdict and "So it is.")


async def test_silence_is_told_and_that_it_ended() -> None:
    silent = with_source(STORY[1], stalledSince="2026-05-17T11:30:02+02:00")
    _, text = await watch(iter([STORY[1], silent, STORY[1], STORY[-1]]), terminal=False)
    assert [line for line in text.splitlines() if line.startswith("shop: ")] == [
        "shop: RUNNING",
        "shop: RUNNING, silent since 2026-05-17 09:30:02 UTC",
        "shop: RUNNING",
        "shop: COMPLETED",
    ]


async def test_the_verdicts_are_waited_for() -> None:
    last, text = await watch(iter([verifying(None), verifying("INCOMPLETE")]), terminal=False)
    assert text.splitlines()[-1] == "shop.public.orders: COMPLETED, 12,000 rows, INCOMPLETE - So it is."
    assert has_ended(last)
    assert not was_read(last), "a loss is no success"
    assert was_read(verifying("NOT_PROVABLE"))
    assert summary(last).endswith("12,000 rows, 1 INCOMPLETE.")


async def test_each_change_can_be_a_line_of_json_with_the_names_of_graphql() -> None:
    out, story = io.StringIO(), iter(STORY)

    async def ask() -> BulkSnapshotData:
        return next(story)

    assert await print_states(ask, out, poll_seconds=0.0) is STORY[-1]
    lines: list[dict[str, Any]] = [json.loads(line) for line in out.getvalue().splitlines()]
    assert lines == [STORY[0], STORY[1], STORY[3]]


async def test_states_of_a_newer_gateway_are_shown_as_they_are() -> None:
    newer = bulk("IN_PROGRESS", "REWINDING", "REWOUND")
    _, text = await watch(iter([newer, STORY[-1]]), terminal=False)
    assert text.splitlines()[:2] == ["shop: REWINDING", "shop.public.orders: REWOUND"]


def test_the_summary_counts() -> None:
    assert summary(STORY[-1]) == "bulk_1: completed, 1 of 1 topics read, 12,000 rows."
    assert summary(STORY[0]) == "bulk_1: in progress, 0 of 1 topics read, 0 rows."


def test_success_is_every_topic_read() -> None:
    assert was_all_read(STORY[-1])
    assert not was_all_read(STORY[0])
    assert was_taken(STORY[0])
    skip = {"topicId": "top_1", "topic": None, "reason": "TOPIC_NOT_FOUND", "message": "No."}
    skipped = cast("BulkSnapshotData", {**STORY[-1], "skippedTopics": [skip]})
    assert was_read(skipped)
    assert not was_all_read(skipped)
    assert not was_taken(skipped)
    assert not was_taken(bulk("IN_PROGRESS", "UNCONFIRMED", "PENDING"))
