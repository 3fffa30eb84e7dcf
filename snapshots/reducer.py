"""From an engine's notifications to changes of the ledger: pure, and unmoved by what is repeated, late or foreign.

How a notification finds its snapshot (docs/debezium.md): an incremental one carries the id of its signal; a blocking
one carries a random id each time, so connector, table and time have to do. The caller hands in only notifications of
the snapshot's connector, in the order of their offsets.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from snapshots.active import ActiveSignal, ActiveSnapshot, ActiveTopic, Changes, SignalChange, TopicChange
from snapshots.engines.debezium.notifications import outcome_of
from snapshots.engines.debezium.signals import plain_name
from snapshots.kinds import SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from snapshots.notifications import Notification, NotificationKind
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState, evidence_path, verdict

CLOCK_SKEW = timedelta(seconds=5)
"""How far the engine's clock may be behind ours: machines that keep time by NTP differ by much less, and an older
snapshot of the same connector rarely ends within it."""

_IN_FLIGHT = {SignalState.SENDING, SignalState.UNCONFIRMED, SignalState.SENT}


def reduce(active: ActiveSnapshot, notification: Notification) -> Changes:
    """Return what one notification changes; an empty `Changes` for one that is not about `active`."""
    return reduce_all(active, (notification,))[1]


def reduce_all(active: ActiveSnapshot, notifications: Iterable[Notification]) -> tuple[ActiveSnapshot, Changes]:
    """Apply `notifications` in order; return the snapshot as it is then, and all that changed."""
    fold = _Fold(active)
    for notification in notifications:
        fold.apply(notification)
    return fold.result()


class _Fold:
    """A snapshot while a batch is applied to it."""

    def __init__(self, active: ActiveSnapshot) -> None:
        self._before = active
        self._snapshot = active
        self._signals = {signal.id: signal for signal in sorted(active.signals, key=lambda signal: signal.position)}
        self._topics = {topic.id: topic for topic in active.topics}
        self._steps: list[SnapshotState] = []
        self._code: SnapshotErrorCode | None = None
        self._message: str | None = None
        self._signal_ended = False

    def apply(self, notification: Notification) -> None:
        signal = self._signal_of(notification)
        if signal is None or evidence_path(self._snapshot.state, SnapshotState.RUNNING) is None:
            return
        at = notification.at
        paused = notification.kind is NotificationKind.PAUSED
        self._move_to(SnapshotState.PAUSED if paused else SnapshotState.RUNNING)
        self._snapshot = replace(
            self._snapshot,
            started_at=self._snapshot.started_at or at,
            progressed_at=max(self._snapshot.progressed_at or at, at),
        )
        if signal.state is not SignalState.SENT:
            self._signals[signal.id] = signal = replace(signal, state=SignalState.SENT)
        match notification.kind:
            case NotificationKind.IN_PROGRESS:
                for topic in self._topics_named(notification.current_collection, signal):
                    self._progress(topic, notification)
            case NotificationKind.TABLE_SCAN_COMPLETED:
                for topic in self._topics_named(notification.scanned_collection, signal):
                    self._end_scan(self._progress(topic, notification), notification)
            case NotificationKind.COMPLETED:
                self._complete(signal, at)
            case NotificationKind.STARTED if notification.reads_nothing:
                self._complete(signal, at)  # none of its names was understood, and nothing more will be told
            case NotificationKind.ABORTED:
                self._abort(signal, notification)
            case _:
                pass  # being seen was all that it told

    def result(self) -> tuple[ActiveSnapshot, Changes]:
        after = replace(self._snapshot, signals=tuple(self._signals.values()), topics=tuple(self._topics.values()))
        before = self._before
        signals_before = {signal.id: signal for signal in before.signals}
        topics_before = {topic.id: topic for topic in before.topics}
        changes = Changes(
            steps=tuple(self._steps),
            code=self._code,
            message=self._message,
            started_at=_if_changed(before.started_at, after.started_at),
            progressed_at=_if_changed(before.progressed_at, after.progressed_at),
            finished_at=_if_changed(before.finished_at, after.finished_at),
            signals=tuple(
                SignalChange(signals_before[signal.id], signal)
                for signal in after.signals
                if signal != signals_before[signal.id]
            ),
            topics=tuple(
                TopicChange(topics_before[topic.id], topic)
                for topic in after.topics
                if topic != topics_before[topic.id]
            ),
            next_signal_id=self._next_signal_id(),
        )
        return after, changes

    def _signal_of(self, notification: Notification) -> ActiveSignal | None:
        """Return the signal in flight that `notification` tells of, None where it tells of none of ours."""
        if notification.incremental is not (self._snapshot.snapshot_type is SnapshotType.INCREMENTAL):
            return None
        if not notification.incremental:
            return self._blocking_signal_of(notification)
        signal = self._signals.get(notification.id)
        if signal is None and notification.kind is NotificationKind.ABORTED:
            # A stop has a random id; what was seen before our start was the stop of an older snapshot.
            started_at = self._snapshot.started_at
            return self._in_flight() if started_at is not None and notification.at > started_at else None
        return signal if signal is not None and signal.state in _IN_FLIGHT else None

    def _blocking_signal_of(self, notification: Notification) -> ActiveSignal | None:
        # SKIPPED comes from every start of a connector; kinds that we do not know prove nothing without an id.
        if notification.kind in {NotificationKind.SKIPPED, NotificationKind.OTHER}:
            return None
        signal, since = self._in_flight(), self._snapshot.sending_since
        if signal is None or since is None or notification.at < since - CLOCK_SKEW:
            return None
        # The engine's clock against itself: the end of the signal before, told again, is not the end of this one.
        if any(other.ended_at and notification.at <= other.ended_at for other in self._signals.values()):
            return None
        collection = notification.scanned_collection or notification.current_collection
        if collection is not None and not any(self._topics_named(collection, signal)):
            return None
        return signal

    def _in_flight(self) -> ActiveSignal | None:
        return next((signal for signal in self._signals.values() if signal.state in _IN_FLIGHT), None)

    def _topics_named(self, collection: str | None, signal: ActiveSignal) -> list[ActiveTopic]:
        """Return the topics of `signal` that read `collection`: by its exact name first, in any case last."""
        topics = [topic for topic in self._topics.values() if topic.signal_id == signal.id]
        if collection is None:
            return []
        exact = [topic for topic in topics if topic.data_collection == collection]
        # The reader of notifications takes backslashes for escapes, also those that belong to a name.
        exact = exact or [topic for topic in topics if plain_name(topic.data_collection) == collection]
        if exact:
            return exact
        folded = [topic for topic in topics if topic.data_collection.casefold() == collection.casefold()]
        return folded if len({topic.data_collection for topic in folded}) == 1 else []

    def _move_to(self, target: SnapshotState) -> None:
        path = evidence_path(self._snapshot.state, target) or ()
        self._steps.extend(path)
        self._snapshot = replace(self._snapshot, state=target if path else self._snapshot.state)

    def _progress(self, topic: ActiveTopic, notification: Notification) -> ActiveTopic:
        if topic.state.is_terminal:
            return topic
        rows = [count for count in (topic.rows_scanned, notification.rows_scanned) if count is not None]
        after = replace(
            topic,
            state=TopicSnapshotState.RUNNING,
            rows_scanned=max(rows, default=None),
            started_at=topic.started_at or notification.at,
        )
        self._topics[topic.id] = after
        return after

    def _end_scan(self, topic: ActiveTopic, notification: Notification) -> None:
        outcome = outcome_of(notification.status)
        state = TopicSnapshotState.COMPLETED if outcome.is_success else TopicSnapshotState.FAILED
        self._end_topic(topic, state, notification.at, outcome, notification.status)

    def _end_topic(
        self,
        topic: ActiveTopic,
        state: TopicSnapshotState,
        at: datetime,
        outcome: TopicSnapshotOutcome | None = None,
        engine_status: str | None = None,
    ) -> None:
        if not topic.state.is_terminal:  # the first word stands
            self._topics[topic.id] = replace(
                topic, state=state, outcome=outcome, engine_status=engine_status, finished_at=at
            )

    def _complete(self, signal: ActiveSignal, at: datetime) -> None:
        for topic in [topic for topic in self._topics.values() if topic.signal_id == signal.id]:
            self._end_topic(topic, TopicSnapshotState.FAILED, at, TopicSnapshotOutcome.NOT_REPORTED)
        self._end_signal(signal, at)
        if not any(other.state in _IN_FLIGHT or other.state is SignalState.PENDING for other in self._signals.values()):
            self._finish(at)

    def _abort(self, signal: ActiveSignal, notification: Notification) -> None:
        """Cancel the collections that were stopped; without a list, all that is left of the snapshot."""
        if not notification.incremental and any(
            topic.signal_id == signal.id and topic.state is TopicSnapshotState.FAILED for topic in self._topics.values()
        ):
            self._complete(signal, notification.at)  # it gave up at a table's error; the other signals may do better
            return
        for topic in list(self._topics.values()):
            named = notification.names(topic.data_collection) and topic.signal_id == signal.id
            if named or not notification.collections:
                self._end_topic(topic, TopicSnapshotState.CANCELLED, notification.at)
        if not notification.collections:
            for other in list(self._signals.values()):
                self._end_signal(other, notification.at)
            self._finish(notification.at)

    def _end_signal(self, signal: ActiveSignal, at: datetime) -> None:
        if signal.state in _IN_FLIGHT or signal.state is SignalState.PENDING:
            self._signals[signal.id] = replace(signal, state=SignalState.ENDED, ended_at=at)
            self._signal_ended = True

    def _next_signal_id(self) -> str | None:
        if not self._signal_ended or self._snapshot.state.is_terminal or self._in_flight():
            return None
        pending = (signal.id for signal in self._signals.values() if signal.state is SignalState.PENDING)
        return next(pending, None)

    def _finish(self, at: datetime) -> None:
        for topic in list(self._topics.values()):  # such as those of a signal that was refused
            self._end_topic(topic, TopicSnapshotState.FAILED, at, TopicSnapshotOutcome.NOT_REPORTED)
        states = [topic.state for topic in self._topics.values()]
        self._move_to(verdict(states))
        self._snapshot = replace(self._snapshot, finished_at=at)
        failed, cancelled = states.count(TopicSnapshotState.FAILED), states.count(TopicSnapshotState.CANCELLED)
        if failed:
            self._code = SnapshotErrorCode.TABLES_FAILED
            self._message = f"{failed} of {len(states)} topics could not be read; each has its outcome."
        elif cancelled:
            self._message = f"Stopped before {cancelled} of {len(states)} topics were read."


def _if_changed(before: datetime | None, after: datetime | None) -> datetime | None:
    return after if after != before else None
