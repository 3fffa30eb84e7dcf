"""Watching a bulk snapshot: what is shown, and when it ends."""

import io
from collections.abc import Iterator

import pytest
from rich.console import Console

from gateway.cli import watching
from gateway.cli.views import BulkView, SkipView, SourceView, TopicView, from_graphql
from gateway.cli.watching import summary, watch_bulk
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState

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
        "snapshots": [
            {
                "id": "snap_1",
                "state": "RUNNING",
                "code": None,
                "message": None,
                "source": {"name": "shop", "cluster": "east"},
                "topics": [{"state": "RUNNING", "rowsScanned": "12", "outcome": None, "topic": {"name": "t"}}],
            }
        ],
        "skippedTopics": [{"topicId": "x", "reason": "TOPIC_NOT_FOUND", "message": "No.", "topic": None}],
    }
    read = from_graphql(answer)
    assert read.sources[0].topics == (TopicView("t", T.RUNNING, 12, None),)
    assert read.skips == (SkipView("x", None, "TOPIC_NOT_FOUND", "No."),)
