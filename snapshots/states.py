"""The states of a source snapshot, its signals and its topics, and which changes of a snapshot's state are allowed.

Every write of a state is a compare-and-set on the state before, so that of two replicas (or a resolver and the
notification follower) only one can win. For source snapshots the table here says which states may come before; signals
and topics only go on in the order of their states, and have no table. Pure.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum


class SnapshotState(StrEnum):
    """State of a source snapshot; docs/architecture.md has the table with the reasons."""

    QUEUED = "QUEUED"
    """Not produced yet: a source that is taken refuses the next snapshot."""
    PENDING = "PENDING"
    SENDING = "SENDING"
    UNCONFIRMED = "UNCONFIRMED"
    DISPATCHED = "DISPATCHED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    ABANDONED = "ABANDONED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can follow."""
        return not TRANSITIONS[self]

    @property
    def holds_source(self) -> bool:
        """Whether the source connector takes no other snapshot in the meantime."""
        return not self.is_terminal and self is not SnapshotState.QUEUED

    def can_become(self, target: "SnapshotState") -> bool:
        """Whether the machine allows the step from here to `target`."""
        return target in TRANSITIONS[self]


_S = SnapshotState
_ENDS = frozenset({_S.COMPLETED, _S.PARTIALLY_COMPLETED, _S.FAILED, _S.CANCELLED, _S.ABANDONED})

TRANSITIONS: Mapping[SnapshotState, frozenset[SnapshotState]] = {
    _S.QUEUED: frozenset({_S.PENDING, _S.CANCELLED}),
    _S.PENDING: frozenset({_S.SENDING, _S.CANCELLED, _S.FAILED}),
    _S.SENDING: frozenset({_S.DISPATCHED, _S.FAILED, _S.UNCONFIRMED}),
    _S.UNCONFIRMED: frozenset({_S.DISPATCHED, _S.RUNNING, _S.SENDING, _S.ABANDONED}),
    _S.DISPATCHED: frozenset({_S.RUNNING}) | _ENDS,
    _S.RUNNING: frozenset({_S.PAUSED}) | _ENDS,
    _S.PAUSED: frozenset({_S.RUNNING}) | _ENDS,
    _S.COMPLETED: frozenset(),
    _S.PARTIALLY_COMPLETED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
    _S.ABANDONED: frozenset(),
}

# What evidence from the engine passes through on the way: it never visits UNCONFIRMED, which means lack of evidence.
_EVIDENCE_PATHS: Mapping[SnapshotState, tuple[SnapshotState, ...]] = {
    _S.SENDING: (_S.DISPATCHED, _S.RUNNING),
    _S.UNCONFIRMED: (_S.RUNNING,),
    _S.DISPATCHED: (_S.RUNNING,),
}


def evidence_path(current: SnapshotState, target: SnapshotState) -> tuple[SnapshotState, ...] | None:
    """The steps from `current` to `target` if the engine itself was seen at work.

    Returns an empty tuple if the snapshot is already there, None if the machine allows no path.
    """
    if current is target:
        return ()
    if current.can_become(target):
        return (target,)
    path: list[SnapshotState] = []
    for step in _EVIDENCE_PATHS.get(current, ()):
        path.append(step)
        if step.can_become(target):
            return (*path, target)
    return None


class SignalState(StrEnum):
    """State of one signal of a source snapshot; the signals of one snapshot are sent one after the other."""

    PENDING = "PENDING"
    SENDING = "SENDING"
    UNCONFIRMED = "UNCONFIRMED"
    SENT = "SENT"
    ENDED = "ENDED"
    REFUSED = "REFUSED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can follow."""
        return not SIGNAL_TRANSITIONS[self]

    def can_become(self, target: "SignalState") -> bool:
        """Whether the machine allows the step from here to `target`."""
        return target in SIGNAL_TRANSITIONS[self]


_G = SignalState

SIGNAL_TRANSITIONS: Mapping[SignalState, frozenset[SignalState]] = {
    # ENDED without having been sent: its snapshot was stopped as a whole.
    _G.PENDING: frozenset({_G.SENDING, _G.ENDED, _G.REFUSED}),
    # PENDING again where it certainly did not arrive.
    _G.SENDING: frozenset({_G.PENDING, _G.UNCONFIRMED, _G.SENT, _G.ENDED, _G.REFUSED}),
    _G.UNCONFIRMED: frozenset({_G.PENDING, _G.SENDING, _G.SENT, _G.ENDED, _G.REFUSED}),
    _G.SENT: frozenset({_G.ENDED}),
    _G.ENDED: frozenset(),
    _G.REFUSED: frozenset(),
}


class TopicSnapshotState(StrEnum):
    """State of one topic within a source snapshot."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing can follow."""
        return not TOPIC_TRANSITIONS[self]

    def can_become(self, target: "TopicSnapshotState") -> bool:
        """Whether the machine allows the step from here to `target`."""
        return target in TOPIC_TRANSITIONS[self]


_T = TopicSnapshotState
_TOPIC_ENDS = frozenset({_T.COMPLETED, _T.FAILED, _T.CANCELLED})

TOPIC_TRANSITIONS: Mapping[TopicSnapshotState, frozenset[TopicSnapshotState]] = {
    # An end without a start: a small table is read before anything is told of it.
    _T.PENDING: frozenset({_T.RUNNING}) | _TOPIC_ENDS,
    _T.RUNNING: _TOPIC_ENDS,
    _T.COMPLETED: frozenset(),
    _T.FAILED: frozenset(),
    _T.CANCELLED: frozenset(),
}


class BulkSnapshotState(StrEnum):
    """State of a bulk snapshot, derived from the states of its source snapshots."""

    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    PARTIALLY_COMPLETED = "PARTIALLY_COMPLETED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


def bulk_state(states: Iterable[SnapshotState]) -> BulkSnapshotState:
    """The state of a bulk snapshot with source snapshots in `states`; without any it is COMPLETED.

    PARTIALLY_COMPLETED means that something was read; otherwise it is FAILED, or CANCELLED if every one was cancelled.
    """
    distinct = set(states)
    if any(not state.is_terminal for state in distinct):
        return BulkSnapshotState.IN_PROGRESS
    if distinct <= {_S.COMPLETED}:
        return BulkSnapshotState.COMPLETED
    if distinct & {_S.COMPLETED, _S.PARTIALLY_COMPLETED}:
        return BulkSnapshotState.PARTIALLY_COMPLETED
    return BulkSnapshotState.CANCELLED if distinct == {_S.CANCELLED} else BulkSnapshotState.FAILED


def verdict(topics: Iterable[TopicSnapshotState]) -> SnapshotState:
    """The terminal state of a source snapshot whose topics ended in `topics` (Debezium's COMPLETED is not success)."""
    ended = list(topics)
    succeeded = sum(state is TopicSnapshotState.COMPLETED for state in ended)
    if succeeded == len(ended):
        return SnapshotState.COMPLETED
    if succeeded:
        return SnapshotState.PARTIALLY_COMPLETED
    if ended and all(state is TopicSnapshotState.CANCELLED for state in ended):
        return SnapshotState.CANCELLED
    return SnapshotState.FAILED
