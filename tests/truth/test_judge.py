"""The judge finds what is wrong, and only that."""

from dataclasses import replace

import pytest

from snapshots.states import TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome
from tests.truth.judge import Claim, Evidence, Refusal, judge

ROWS = frozenset({1, 2, 3})
READ = Claim("orders", ROWS, TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.SUCCEEDED)
FAILED = replace(READ, state=TopicSnapshotState.FAILED, outcome=TopicSnapshotOutcome.NOT_REPORTED)
CANCELLED = replace(READ, state=TopicSnapshotState.CANCELLED, outcome=None)
EMPTY = replace(READ, outcome=TopicSnapshotOutcome.EMPTY)
ALL = Evidence({"orders": (1, 2, 3, 3)})


@pytest.mark.parametrize(
    ("claims", "evidence"),
    [
        pytest.param([READ], ALL, id="read"),
        pytest.param([READ, READ], Evidence({"orders": (1, 2, 3, 1, 2, 3)}), id="read twice"),
        pytest.param([replace(EMPTY, expected=frozenset())], Evidence({}), id="empty"),
        pytest.param([replace(FAILED, expected=None)], Evidence({}), id="no such table"),
        pytest.param([replace(FAILED, excuse="restart")], ALL, id="arrived, but the engine did not say so"),
        pytest.param([replace(CANCELLED, may_cancel=True)], Evidence({"orders": (1,)}), id="stopped"),
        pytest.param([READ], replace(ALL, by_hand={"side": ROWS}), id="nothing by hand"),
    ],
)
def test_the_truth_is_accepted(claims: list[Claim], evidence: Evidence) -> None:
    assert judge(claims, [], evidence) == []


@pytest.mark.parametrize(
    ("claims", "evidence", "fault"),
    [
        pytest.param([READ], Evidence({"orders": (1, 3)}), "1 of 3 rows are missing: 2", id="rows missing"),
        pytest.param([EMPTY], Evidence({}), "3 of 3 rows are missing", id="not empty"),
        pytest.param([READ, READ], ALL, "2 of 6 rows are missing", id="read once, told twice"),
        pytest.param([READ], Evidence({"orders": (1, 2, 3, 4)}), "1 rows that nobody asked for", id="another filter"),
        pytest.param([READ], Evidence({**ALL.rows, "Orders": (1,)}), "Orders has 1 rows", id="another table"),
        pytest.param([replace(READ, expected=None)], Evidence({}), "nothing to be read", id="no table, yet success"),
        pytest.param([FAILED], Evidence({}), "nothing could have kept it", id="failed for no cause"),
        pytest.param(
            [replace(FAILED, excuse="restart")],
            replace(ALL, engine_succeeded=frozenset({"orders"})),
            "the engine said so",
            id="failed though all arrived",
        ),
        pytest.param([CANCELLED], Evidence({}), "nobody stopped it", id="cancelled by nobody"),
        pytest.param([replace(FAILED, state=TopicSnapshotState.RUNNING)], ALL, "never ended", id="no end"),
        pytest.param([replace(READ, source_ended=False)], ALL, "never ended", id="no end of the source"),
        pytest.param([READ], replace(ALL, held=("shop",)), "shop is held", id="held"),
        pytest.param([replace(READ, outcome=None)], ALL, "no success", id="no outcome"),
        pytest.param(
            [replace(FAILED, excuse="dropped", outcome=TopicSnapshotOutcome.FILTER_REJECTED, filtered=False)],
            Evidence({}),
            "it had no filter",
            id="a filter that there was not",
        ),
    ],
)
def test_a_lie_is_found(claims: list[Claim], evidence: Evidence, fault: str) -> None:
    [found] = judge(claims, [], evidence)
    assert fault in found


def test_a_refusal_wants_a_cause() -> None:
    refusal = Refusal("shop", SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING)
    assert judge([], [refusal], Evidence({})) == ["shop was refused without a cause: SNAPSHOT_ALREADY_RUNNING"]
    assert judge([], [replace(refusal, excuse="two at once")], Evidence({})) == []
