"""What notifications tell of failed scans and of starts, whatever comes between; and requests to clear them."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import FieldPath, InvalidRequestError
from snapshots.following.failed_scans import ClearRequest, check, refusal, scan_news
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.model import Cluster, SourceConnector
from snapshots.restart_requirement import RestartRequirement
from snapshots.vocabulary import SnapshotErrorCode, UserErrorCode

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SOURCE = SourceConnector("src_1", Cluster("clu_1", "main", None, None), "shop-connector")
FAILURE = Notification(
    cluster_id="clu_1",
    topic="notes",
    partition=0,
    offset=0,
    record_timestamp_ms=0,
    prefix="shop",
    id="sig",
    kind=NotificationKind.TABLE_SCAN_COMPLETED,
    incremental=True,
    at=NOW,
    scanned_collection="public.a",
    status="SQL_EXCEPTION",
)
START = replace(FAILURE, kind=NotificationKind.SKIPPED, incremental=False, scanned_collection=None, status=None)
OTHERS = [
    replace(FAILURE, status="SUCCEEDED"),
    replace(FAILURE, status=None),
    replace(FAILURE, incremental=False),
    replace(FAILURE, kind=NotificationKind.IN_PROGRESS),
    replace(START, incremental=True),
    *(replace(START, kind=kind) for kind in NotificationKind if kind is not NotificationKind.SKIPPED),
]
BATCHES = st.lists(st.sampled_from([FAILURE, START, *OTHERS]), max_size=30)


def numbered(batch: list[Notification]) -> list[Notification]:
    return [replace(one, offset=offset) for offset, one in enumerate(batch)]


def is_failure(one: Notification) -> bool:
    return replace(one, offset=0) == FAILURE


def is_start(one: Notification) -> bool:
    return replace(one, offset=0) == START


@given(BATCHES)
def test_every_failure_is_told_once_in_order(batch: list[Notification]) -> None:
    told = numbered(batch)
    assert list(scan_news(told).failures) == [one for one in told if is_failure(one)]


@given(BATCHES)
def test_the_last_start_counts_and_clears_what_came_before_it_alone(batch: list[Notification]) -> None:
    told = numbered(batch)
    news = scan_news(told)
    starts = [one for one in told if is_start(one)]
    assert news.start == (starts[-1] if starts else None)
    before = [one for one in news.failures if starts and one.offset < starts[-1].offset]
    assert list(news.failures[: news.cleared]) == before


@given(BATCHES, st.integers(0, 30))
def test_a_batch_in_two_parts_leaves_the_same_open(batch: list[Notification], cut: int) -> None:
    told = numbered(batch)

    def still_open(*parts: list[Notification]) -> list[Notification]:
        left: list[Notification] = []
        for part in parts:
            news = scan_news(part)
            left = [] if news.start else left
            left += news.failures[news.cleared :]
        return left

    assert still_open(told) == still_open(told[:cut], told[cut:])


def test_the_refusal_says_what_happened_then_what_to_do() -> None:
    why = refusal(SOURCE, RestartRequirement(NOW, ("public.a", "public.b")))
    assert (why.code, why.retryable) == (SnapshotErrorCode.RESTART_REQUIRED, True)
    assert why.message == (
        "Connector shop-connector needs a restart: the incremental scan of public.a, public.b failed with an SQL "
        "error at 2026-01-01 12:00:00 UTC. Rows that it left behind could appear on the topic of the next table. "
        "Restart the connector with its task (POST /connectors/shop-connector/restart?includeTasks=true to Kafka "
        "Connect); Topicsnap notices the restart by itself. If you know that no row was left behind, use "
        "`clearRestartRequirements` and give a reason."
    )


@pytest.mark.parametrize(
    ("source_ids", "reason", "code", "field"),
    [
        ((), "because", UserErrorCode.EMPTY_INPUT, ("source_ids",)),
        (("s",) * 501, "because", UserErrorCode.INVALID_VALUE, ("source_ids",)),
        (("s", " "), "because", UserErrorCode.INVALID_ID, ("source_ids", 1)),
        (("s",), " ", UserErrorCode.EMPTY_INPUT, ("reason",)),
        (("s",), "x" * 2001, UserErrorCode.INVALID_VALUE, ("reason",)),
        (("s",), "nul \x00", UserErrorCode.INVALID_VALUE, ("reason",)),
    ],
    ids=["none", "many", "blank", "no reason", "long reason", "NUL"],
)
def test_a_request_that_cannot_be_carried_out_is_refused(
    source_ids: tuple[str, ...], reason: str, code: UserErrorCode, field: FieldPath
) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        check(ClearRequest(source_ids, reason))
    assert [(one.code, one.field) for one in refused.value.findings] == [(code, field)]


def test_all_findings_are_told_at_once() -> None:
    with pytest.raises(InvalidRequestError) as refused:
        check(ClearRequest((), ""))
    assert [one.field for one in refused.value.findings] == [("source_ids",), ("reason",)]


def test_duplicates_are_taken_once() -> None:
    assert ClearRequest(("b", "a", "b"), "because").distinct_ids == ("b", "a")
