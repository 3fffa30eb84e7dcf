"""The state machines: what may follow what, what evidence of the engine leads to, and what a whole amounts to."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from itertools import combinations_with_replacement, pairwise
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.states import (
    SIGNAL_TRANSITIONS,
    TOPIC_TRANSITIONS,
    TRANSITIONS,
    BulkSnapshotState,
    SignalState,
    SnapshotState,
    TopicSnapshotState,
    bulk_state,
    evidence_path,
    verdict,
)

ENDS = "COMPLETED PARTIALLY_COMPLETED FAILED CANCELLED ABANDONED"
TABLE = {  # as it stands in the design, "State of a source snapshot"
    "QUEUED": "PENDING CANCELLED",
    "PENDING": "SENDING CANCELLED FAILED",
    "SENDING": "DISPATCHED FAILED UNCONFIRMED",
    "UNCONFIRMED": "DISPATCHED RUNNING SENDING ABANDONED",
    "DISPATCHED": f"RUNNING {ENDS}",
    "RUNNING": f"PAUSED {ENDS}",
    "PAUSED": f"RUNNING {ENDS}",
    **dict.fromkeys(ENDS.split(), ""),
}
HOLDING = {"PENDING", "SENDING", "UNCONFIRMED", "DISPATCHED", "RUNNING", "PAUSED"}

every_state = st.sampled_from(SnapshotState)


def test_the_machine_is_the_table_of_the_design() -> None:
    assert {state.value: {target.value for target in targets} for state, targets in TRANSITIONS.items()} == {
        state: set(targets.split()) for state, targets in TABLE.items()
    }


def test_terminal_states_are_those_with_no_way_out() -> None:
    assert {state for state in SnapshotState if state.is_terminal} == {SnapshotState(end) for end in ENDS.split()}


def test_states_that_hold_their_source() -> None:
    assert {state.value for state in SnapshotState if state.holds_source} == HOLDING


def test_every_state_can_be_reached_and_can_end() -> None:
    reached = {SnapshotState.QUEUED}
    ending = {state for state in SnapshotState if state.is_terminal}
    for _ in SnapshotState:
        reached |= {target for state in reached for target in TRANSITIONS[state]}
        ending |= {state for state in SnapshotState if TRANSITIONS[state] & ending}

    assert reached == set(SnapshotState)
    assert ending == set(SnapshotState)


@pytest.mark.parametrize("table", [SIGNAL_TRANSITIONS, TOPIC_TRANSITIONS], ids=["signals", "topics"])
def test_signals_and_topics_reach_every_state_from_pending_and_end(table: Mapping[StrEnum, frozenset[StrEnum]]) -> None:
    states = set(table)
    reached = {state for state in states if state.value == "PENDING"}
    ending = {state for state in states if not table[state]}
    for _ in states:
        reached |= {target for state in reached for target in table[state]}
        ending |= {state for state in states if table[state] & ending}
    assert reached == ending == states
    assert all(state not in table[state] for state in states)


@pytest.mark.parametrize("state", SignalState)
@pytest.mark.parametrize("target", SignalState)
def test_a_signal_that_was_sent_is_not_sent_again(state: SignalState, target: SignalState) -> None:
    if state in {SignalState.SENT, SignalState.ENDED, SignalState.REFUSED}:
        assert not state.can_become(SignalState.SENDING)
        assert state.is_terminal or target is SignalState.ENDED or not state.can_become(target)


@given(every_state, every_state)
def test_evidence_takes_allowed_steps_only_and_never_visits_unconfirmed(
    current: SnapshotState, target: SnapshotState
) -> None:
    path = evidence_path(current, target)

    if path is None:
        assert not current.can_become(target)
        return
    assert (current, *path)[-1] is target
    assert all(before.can_become(after) for before, after in pairwise((current, *path)))
    assert SnapshotState.UNCONFIRMED not in path[:-1]
    assert len(set(path)) == len(path)


@given(st.sampled_from([SnapshotState.SENDING, SnapshotState.UNCONFIRMED, SnapshotState.DISPATCHED]))
def test_an_engine_that_is_seen_at_work_can_be_told_of_whatever_was_sent(current: SnapshotState) -> None:
    for target in (SnapshotState.RUNNING, SnapshotState.PAUSED, *map(SnapshotState, ENDS.split())):
        assert evidence_path(current, target) is not None


@pytest.mark.parametrize(
    ("current", "target", "steps"),
    [
        pytest.param("SENDING", "RUNNING", ["DISPATCHED", "RUNNING"], id="started before the channel's word"),
        pytest.param("SENDING", "COMPLETED", ["DISPATCHED", "COMPLETED"], id="done before the channel's word"),
        pytest.param("SENDING", "PAUSED", ["DISPATCHED", "RUNNING", "PAUSED"], id="paused before the channel's word"),
        pytest.param("SENDING", "FAILED", ["FAILED"], id="refused"),
        pytest.param("UNCONFIRMED", "COMPLETED", ["RUNNING", "COMPLETED"], id="it did arrive"),
        pytest.param("UNCONFIRMED", "FAILED", ["RUNNING", "FAILED"], id="it arrived and failed"),
        pytest.param("RUNNING", "RUNNING", [], id="there already"),
        pytest.param("COMPLETED", "COMPLETED", [], id="over already"),
        pytest.param("COMPLETED", "RUNNING", None, id="what ended stays ended"),
        pytest.param("PENDING", "RUNNING", None, id="nothing was sent"),
        pytest.param("RUNNING", "DISPATCHED", None, id="not backwards"),
    ],
)
def test_evidence_paths(current: str, target: str, steps: list[str] | None) -> None:
    path = evidence_path(SnapshotState(current), SnapshotState(target))

    assert (path if path is None else [step.value for step in path]) == steps


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        pytest.param([], "COMPLETED", id="nothing to read"),
        pytest.param(["COMPLETED"], "COMPLETED", id="one read"),
        pytest.param(["COMPLETED", "COMPLETED"], "COMPLETED", id="all read"),
        pytest.param(["COMPLETED", "FAILED"], "PARTIALLY_COMPLETED", id="one failed"),
        pytest.param(["COMPLETED", "CANCELLED"], "PARTIALLY_COMPLETED", id="one stopped"),
        pytest.param(["FAILED", "FAILED"], "FAILED", id="all failed"),
        pytest.param(["CANCELLED", "CANCELLED"], "CANCELLED", id="all stopped"),
        pytest.param(["FAILED", "CANCELLED"], "FAILED", id="none read, one failed"),
    ],
)
def test_verdict_on_a_source_snapshot(topics: list[str], expected: str) -> None:
    assert verdict(map(TopicSnapshotState, topics)) is SnapshotState(expected)


@pytest.mark.parametrize(
    ("snapshots", "expected"),
    [
        pytest.param([], "COMPLETED", id="only skipped topics"),
        pytest.param(["COMPLETED"], "COMPLETED", id="all completed"),
        pytest.param(["COMPLETED", "FAILED"], "PARTIALLY_COMPLETED", id="one failed"),
        pytest.param(["COMPLETED", "CANCELLED"], "PARTIALLY_COMPLETED", id="one cancelled"),
        pytest.param(["PARTIALLY_COMPLETED"], "PARTIALLY_COMPLETED", id="one in part"),
        pytest.param(["PARTIALLY_COMPLETED", "ABANDONED"], "PARTIALLY_COMPLETED", id="one in part, one abandoned"),
        pytest.param(["FAILED"], "FAILED", id="all failed"),
        pytest.param(["ABANDONED", "FAILED"], "FAILED", id="failed and abandoned"),
        pytest.param(["CANCELLED"], "CANCELLED", id="all cancelled"),
        pytest.param(["CANCELLED", "FAILED"], "FAILED", id="nothing read, one failed"),
        pytest.param(["CANCELLED", "ABANDONED"], "FAILED", id="nothing read, one abandoned"),
        *(
            pytest.param(["COMPLETED", state], "IN_PROGRESS", id=f"one still {state}")
            for state in ("QUEUED", *sorted(HOLDING))
        ),
    ],
)
def test_state_of_a_bulk_snapshot(snapshots: list[str], expected: str) -> None:
    assert bulk_state(map(SnapshotState, snapshots)) is BulkSnapshotState(expected)


def test_success_is_told_of_a_bulk_snapshot_only_where_something_was_read() -> None:
    for states in _all_pairs(SnapshotState):
        read = bool(set(states) & {SnapshotState.COMPLETED, SnapshotState.PARTIALLY_COMPLETED})
        told = bulk_state(states) in {BulkSnapshotState.COMPLETED, BulkSnapshotState.PARTIALLY_COMPLETED}
        assert told <= read


@given(st.lists(every_state), st.randoms(use_true_random=False))
def test_order_and_repetition_do_not_change_the_state_of_a_bulk_snapshot(
    states: list[SnapshotState], random: Random
) -> None:
    shuffled = [*states, *states]
    random.shuffle(shuffled)

    assert bulk_state(shuffled) is bulk_state(states)


@given(st.lists(st.sampled_from([state for state in TopicSnapshotState if state.is_terminal])))
def test_a_verdict_is_an_end(topics: list[TopicSnapshotState]) -> None:
    assert verdict(topics).is_terminal


def test_topics_end_as_completed_failed_or_cancelled() -> None:
    assert {state.value for state in TopicSnapshotState if state.is_terminal} == {"COMPLETED", "FAILED", "CANCELLED"}


def _all_pairs(states: Iterable[SnapshotState]) -> Iterable[tuple[SnapshotState, ...]]:
    return combinations_with_replacement(states, 2)
