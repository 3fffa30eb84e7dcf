"""What is counted has a name, and outcomes are counted by what came of them."""

import logging

import pytest

from gateway.metrics import OPERATIONS, OutcomeMetrics, ProcessMetrics
from gateway.process.serving import counting
from snapshots.identifiers import utc_now
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import Receipt
from snapshots.records import AnswerKind, SourceAnswer
from snapshots.requesting.dispatch import Outcome, Unconfirmed, Unreached
from snapshots.vocabulary import SnapshotErrorCode, SnapshotVerdict

AWAY = SnapshotErrorCode.CHANNEL_UNAVAILABLE


def test_totals_are_sorted_by_name() -> None:
    metrics = ProcessMetrics()
    for entry in ("rest", "graphql", "rest"):
        metrics.count(OPERATIONS, entry, "answered")
    assert list(metrics.totals().items()) == [("operations.graphql.answered", 1), ("operations.rest.answered", 2)]


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Receipt("memory"), "signals.accepted"),
        (Refusal(AWAY, "away", retryable=True), "signals.failed.CHANNEL_UNAVAILABLE"),
        (Unconfirmed(AWAY, "away"), "signals.unconfirmed.CHANNEL_UNAVAILABLE"),
        (Unreached(AWAY, "away", utc_now()), "signals.unreached.CHANNEL_UNAVAILABLE"),
    ],
)
def test_outcomes_of_signals(outcome: Outcome, name: str) -> None:
    metrics = ProcessMetrics()
    OutcomeMetrics(metrics).signal_sent(outcome)
    assert metrics.totals() == {name: 1}


def test_answers_verdicts_and_dead_letters() -> None:
    metrics = ProcessMetrics()
    telemetry = OutcomeMetrics(metrics)
    telemetry.source_answered(SourceAnswer(AnswerKind.DISPATCHED, "Dispatched."))
    telemetry.source_answered(SourceAnswer(AnswerKind.FAILED, "away", AWAY, retryable=True))
    telemetry.topic_verified(SnapshotVerdict.INCOMPLETE)
    telemetry.notification_set_aside()
    assert metrics.totals() == {
        "dead_letters": 1,
        "source_answers.dispatched": 1,
        "source_answers.failed.CHANNEL_UNAVAILABLE": 1,
        "verdicts.incomplete": 1,
    }


def test_they_are_logged_when_the_process_stops(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO), counting() as metrics:
        metrics.count(OPERATIONS, "rest", "answered")
    [record] = caplog.records
    assert record.message == "stopped"
    assert record.__dict__["operations.rest.answered"] == 1
