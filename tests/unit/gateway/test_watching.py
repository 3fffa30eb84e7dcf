"""Watching a bulk snapshot: what is shown, and when it ends."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from rich.console import Console

from gateway.cli import watching
from gateway.cli.views import BulkView, SkipView, SourceView, TopicView, from_graphql
from gateway.cli.watching import print_states, summary, watch_bulk
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotVerdict, VerificationState

STARTED = datetime(2026, 5, 17, 9, 30, 2, tzinfo=UTC)
T, S, B = TopicSnapshotState, SnapshotState, BulkSnapshotState


def view(
    bulk: BulkSnapshotState,
    source: SnapshotState,
    topic: TopicSnapshotState,
    rows: int | None = None,
    message: str | None = None,
) -> BulkView:
    topics = (TopicView("shop.public.orders", topic, rows, None),)
    return BulkView(
        "bulk_1", bulk, "INCREMENTAL", (SourceView("snap_1", "shop", "east", source, None, message, topics),), ()
    )


STORY = (
    view(B.IN_PROGRESS, S.DISPATCHED, T.PENDING),
    view(B.IN_PROGRESS, S.RUNNING, T.RUNNING),
    view(B.IN_PROGRESS, S.RUNNING, T.RUNNING),
    view(B.COMPLETED, S.COMPLETED, T.COMPLETED, 12_000),
)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "POLL_SECONDS", 0.0)


async def watch(story: Iterator[BulkView], *, terminal: bool) -> tuple[BulkView, str]:
    out = io.StringIO()

    async def ask() -> BulkView:
        return next(story)

    last = await watch_bulk(ask, Console(file=out, force_terminal=terminal, width=120, no_color=True))
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
    _, text = await watch(iter([view(B.FAILED, S.FAILED, T.FAILED, message="The table is gone [1].")]), terminal=False)
    assert "shop: FAILED (The table is gone [1].)" in text


def verifying(verdict: SnapshotVerdict | None) -> BulkView:
    """The end of the story, with a verification that found `verdict`, or is under way."""
    state = VerificationState.DONE if verdict else VerificationState.RUNNING
    [source] = STORY[-1].sources
    topics = tuple(
        replace(topic, verification=state, verdict=verdict, verdict_reason=verdict and "So it is.")
        for topic in source.topics
    )
    return replace(STORY[-1], sources=(replace(source, topics=topics),))


async def test_silence_is_told_and_that_it_ended() -> None:
    [source] = STORY[1].sources
    silent = replace(STORY[1], sources=(replace(source, stalled_since=STARTED),))
    _, text = await watch(iter([STORY[1], silent, STORY[1], STORY[-1]]), terminal=False)
    assert [line for line in text.splitlines() if line.startswith("shop: ")] == [
        "shop: RUNNING",
        "shop: RUNNING, silent since 2026-05-17 09:30:02 UTC",
        "shop: RUNNING",
        "shop: COMPLETED",
    ]


async def test_the_verdicts_are_waited_for() -> None:
    last, text = await watch(iter([verifying(None), verifying(SnapshotVerdict.INCOMPLETE)]), terminal=False)
    assert text.splitlines()[-1] == "shop.public.orders: COMPLETED, 12,000 rows, INCOMPLETE - So it is."
    assert last.ended
    assert not last.completed, "a loss is no success"
    assert verifying(SnapshotVerdict.NOT_PROVABLE).completed
    assert summary(last).endswith("12,000 rows, 1 INCOMPLETE.")


async def test_each_change_can_be_a_line_of_json() -> None:
    out, story = io.StringIO(), iter(STORY)

    async def ask() -> BulkView:
        return next(story)

    assert await print_states(ask, out) is STORY[-1]
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line["sources"][0]["state"] for line in lines] == ["DISPATCHED", "RUNNING", "COMPLETED"]
    assert lines[-1]["sources"][0]["topics"][0]["rows_scanned"] == 12_000


def test_the_summary_counts() -> None:
    assert summary(STORY[-1]) == "bulk_1: completed, 1 of 1 topics read, 12,000 rows."
    assert summary(STORY[0]) == "bulk_1: in progress, 0 of 1 topics read, 0 rows."


def test_success_is_every_topic_read() -> None:
    assert STORY[-1].succeeded
    assert not STORY[0].succeeded
    assert STORY[0].taken
    skipped = BulkView("b", B.COMPLETED, "INCREMENTAL", (), (SkipView("top_1", None, "TOPIC_NOT_FOUND", "No."),))
    assert skipped.completed
    assert not skipped.succeeded
    assert not skipped.taken
    assert not view(B.IN_PROGRESS, S.UNCONFIRMED, T.PENDING).taken


def test_the_answer_of_a_gateway_is_read() -> None:
    answer = {
        "id": "bulk_1",
        "state": "IN_PROGRESS",
        "snapshotType": "BLOCKING",
        "requestedBy": "ada",
        "requestedAt": "2026-05-17T09:30:00+00:00",
        "snapshots": [
            {
                "id": "snap_1",
                "state": "RUNNING",
                "code": None,
                "message": None,
                "source": {"name": "shop", "cluster": "east"},
                "followed": True,
                "dispatchedAt": "2026-05-17T09:30:01+00:00",
                "startedAt": "2026-05-17T09:30:02+00:00",
                "finishedAt": None,
                "stalledSince": "2026-05-17T09:30:02+00:00",
                "topics": [
                    {
                        "state": "RUNNING",
                        "rowsScanned": "12",
                        "outcome": None,
                        "startedAt": "2026-05-17T09:30:02+00:00",
                        "finishedAt": None,
                        "topic": {"name": "t"},
                        "verification": "PENDING",
                        "verdict": None,
                        "verdictReason": None,
                        "expectedRows": None,
                        "emittedRows": None,
                        "verifiedAt": None,
                    }
                ],
            }
        ],
        "skippedTopics": [{"topicId": "x", "reason": "TOPIC_NOT_FOUND", "message": "No.", "topic": None}],
    }
    read = from_graphql(answer)
    assert read.sources[0].topics == (
        TopicView("t", T.RUNNING, 12, None, STARTED, verification=VerificationState.PENDING),
    )
    assert read.sources[0].stalled_since == STARTED
    assert read.skips == (SkipView("x", None, "TOPIC_NOT_FOUND", "No."),)
