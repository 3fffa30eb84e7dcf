"""The reducer's input and output: a source snapshot in progress, and the changes for the ledger."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from snapshots.following.notifications import Notification
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome


@dataclass(frozen=True, slots=True)
class ActiveSignal:
    """One signal of an active snapshot."""

    id: str
    position: int
    state: SignalState
    ended_at: datetime | None = None
    """When the engine reported its end, by the engine's clock. If the signal is still SENT, some table was not reported
    by then, and Topicsnap waits for late reports."""
    started_at: datetime | None = None
    """When the engine was first seen at work on it, by the engine's clock."""

    @property
    def in_flight(self) -> bool:
        """Whether the engine has it, or may have it."""
        return self.state in {SignalState.SENDING, SignalState.UNCONFIRMED, SignalState.SENT}


@dataclass(frozen=True, slots=True)
class ActiveTopic:
    """One topic of an active snapshot; several may read the same data collection."""

    id: str
    signal_id: str | None
    data_collection: str
    filtered: bool = False
    """Whether only some of its rows were requested."""
    state: TopicSnapshotState = TopicSnapshotState.PENDING
    rows_scanned: int | None = None
    outcome: TopicSnapshotOutcome | None = None
    engine_status: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActiveSnapshot:
    """A source snapshot that holds its source, as the ledger knows it."""

    source_snapshot_id: str
    snapshot_type: SnapshotType
    state: SnapshotState
    sending_since: datetime | None
    """When the send of the current signal began, by our clock."""
    signals: tuple[ActiveSignal, ...]
    topics: tuple[ActiveTopic, ...]
    started_at: datetime | None = None
    progressed_at: datetime | None = None
    finished_at: datetime | None = None
    external: bool = False
    """Whether somebody else started it. Then it has one signal, which stands for whatever the engine runs."""
    followed: bool = True
    """Whether its connector reports at all; if not, its end cannot count as a success, because nobody has seen it."""
    after_abandoned: bool = False
    """Whether the previous snapshot of this type on the source was abandoned while at work: the engine may still run
    it."""


EXTERNAL_SIGNAL = ""
"""The id of the signal of an external snapshot: its real id is not recorded."""


@dataclass(frozen=True, slots=True)
class SignalChange:
    """A signal before and after; the compare-and-set checks the state before."""

    before: ActiveSignal
    after: ActiveSignal


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A topic before and after; the compare-and-set checks the state before."""

    before: ActiveTopic
    after: ActiveTopic


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody else's signal that joined a snapshot of ours."""

    notification: Notification
    """The first notification about it; it carries the signal's id."""
    step: int
    """How many steps of the same changes came before it."""


@dataclass(frozen=True, slots=True)
class SnapshotChanges:
    """The changes by a batch of notifications, ready to be written at once."""

    steps: tuple[SnapshotState, ...] = ()
    """The states that the source snapshot passed through, each an allowed step; the last is the new one."""
    code: SnapshotErrorCode | None = None
    message: str | None = None
    started_at: datetime | None = None
    """Set if the first evidence came in this batch."""
    progressed_at: datetime | None = None
    """When the engine was last seen at work, if that changed."""
    finished_at: datetime | None = None
    signals: tuple[SignalChange, ...] = ()
    topics: tuple[TopicChange, ...] = ()
    found: tuple[ActiveTopic, ...] = ()
    """Topics that an external snapshot turned out to read, as they are now; they are not in the ledger yet."""
    next_signal_id: str | None = None
    """The signal to be sent now, because the one before it has ended in this batch."""
    joined: tuple[Joining, ...] = ()
    """Signals of somebody else that joined; earlier batches may have reported them already."""
    step_evidence: tuple[Notification | None, ...] = field(default=(), compare=False)
    """The notification that showed each of `steps`; empty, or None in its place, if it was not a notification."""
    evidence: Mapping[str, Notification] = field(default_factory=dict, compare=False)
    """The notification that showed the state of a signal or topic, by its id."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return self == SnapshotChanges()


def difference(before: ActiveSnapshot, after: ActiveSnapshot) -> SnapshotChanges:
    """Return which times and parts of a snapshot changed; the steps of its state, and its end, are not included."""
    signals_before = {signal.id: signal for signal in before.signals}
    topics_before = {topic.id: topic for topic in before.topics}
    return SnapshotChanges(
        started_at=_if_changed(before.started_at, after.started_at),
        progressed_at=_if_changed(before.progressed_at, after.progressed_at),
        signals=tuple(
            SignalChange(signals_before[signal.id], signal)
            for signal in after.signals
            if signal != signals_before[signal.id]
        ),
        topics=tuple(
            TopicChange(topics_before[topic.id], topic)
            for topic in after.topics
            if topic.id in topics_before and topic != topics_before[topic.id]
        ),
        found=tuple(topic for topic in after.topics if topic.id not in topics_before),
    )


def _if_changed(before: datetime | None, after: datetime | None) -> datetime | None:
    return after if after != before else None
