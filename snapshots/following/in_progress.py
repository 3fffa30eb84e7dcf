"""What the reducer works on and answers with: a source snapshot in progress, and the changes for the ledger."""

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
    """When the engine said that it was done, by the engine's clock. In a signal that is still SENT some table was not
    reported by then, and what may come late is waited for."""
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
    """Whether only some of its rows were asked for."""
    state: TopicSnapshotState = TopicSnapshotState.PENDING
    rows_scanned: int | None = None
    outcome: TopicSnapshotOutcome | None = None
    engine_status: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ActiveSnapshot:
    """What the ledger knows of a source snapshot that holds its source."""

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
    """Whether its connector reports at all; otherwise its end cannot be a success that somebody has seen."""
    after_abandoned: bool = False
    """Whether the one of this type before it on the source was abandoned at work: the engine may still be at it."""


EXTERNAL_SIGNAL = ""
"""The id of the signal of an external snapshot: nobody has recorded the real one."""


@dataclass(frozen=True, slots=True)
class SignalChange:
    """A signal before and after; the state before is the guard of the compare-and-set."""

    before: ActiveSignal
    after: ActiveSignal


@dataclass(frozen=True, slots=True)
class TopicChange:
    """A topic before and after; the state before is the guard of the compare-and-set."""

    before: ActiveTopic
    after: ActiveTopic


@dataclass(frozen=True, slots=True)
class Joining:
    """Somebody else's signal that joined a snapshot of ours."""

    notification: Notification
    """The first that told of it; it carries the signal's id."""
    step: int
    """How many of the steps of the same changes were before it."""


@dataclass(frozen=True, slots=True)
class SnapshotChanges:
    """What a batch of notifications changed, ready to be written at once."""

    steps: tuple[SnapshotState, ...] = ()
    """States that the source snapshot passed through, each a step that the machine allows; the last is the new one."""
    code: SnapshotErrorCode | None = None
    message: str | None = None
    started_at: datetime | None = None
    """Set where the first evidence came in this batch."""
    progressed_at: datetime | None = None
    """When the engine was last seen at work, where that moved on."""
    finished_at: datetime | None = None
    signals: tuple[SignalChange, ...] = ()
    topics: tuple[TopicChange, ...] = ()
    found: tuple[ActiveTopic, ...] = ()
    """Topics that an external snapshot turned out to read, as they are now; the ledger has yet to hear of them."""
    next_signal_id: str | None = None
    """The signal to be sent now, because the one before it has ended in this batch."""
    joined: tuple[Joining, ...] = ()
    """Signals of somebody else that were seen to have joined; they may have been seen in earlier batches as well."""
    step_evidence: tuple[Notification | None, ...] = field(default=(), compare=False)
    """What showed each of `steps`; empty, or None in its place, where that was no notification."""
    evidence: Mapping[str, Notification] = field(default_factory=dict, compare=False)
    """What showed the state of a signal or topic, by its id."""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return self == SnapshotChanges()


def difference(before: ActiveSnapshot, after: ActiveSnapshot) -> SnapshotChanges:
    """Return which times and parts of a snapshot changed; the steps of its state, and its end, are not among them."""
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
