"""Applying a batch of notifications to a snapshot: what each kind of notification changes. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from snapshots.following.correlation import Correlation
from snapshots.following.evidence import Evidence
from snapshots.following.in_progress import ActiveSignal, ActiveSnapshot, ActiveTopic, SnapshotChanges, difference
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.signalling.outcomes import outcome_of
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState, evidence_path, verdict
from snapshots.vocabulary import SnapshotErrorCode, TopicSnapshotOutcome

ENDED_UNSEEN = (
    "Kafka Connect's offsets show that the engine no longer runs this snapshot. How each table ended is "
    "unknown, because the connector sends no notifications."
)


class Fold:
    """A snapshot while a batch of notifications is applied to it."""

    def __init__(self, active: ActiveSnapshot, candidates: Iterable[ActiveTopic] = ()) -> None:
        self._before = active
        self._now = Correlation(active)
        self._candidates = list(candidates) if active.external else []
        self._steps: list[SnapshotState] = []
        self._code: SnapshotErrorCode | None = None
        self._message: str | None = None
        self._signal_ended = False
        self._evidence = Evidence()

    @property
    def ended(self) -> bool:
        """Whether the snapshot has ended."""
        return self._now.snapshot.state.is_terminal

    def ended_before(self, notification: Notification) -> bool:
        """Whether the snapshot has ended, as the next `notification` proves."""
        signal = self._now.in_flight()
        if signal is not None and self._now.is_successor(notification):
            self._evidence.latest = notification
            if self._now.snapshot.external:
                self.complete(signal, signal.ended_at or self._now.snapshot.progressed_at or notification.at)
            else:
                self._tell_end(signal, signal.ended_at or notification.at)
        return self.ended

    def apply(self, notification: Notification) -> None:
        """Apply `notification`, if it belongs to this snapshot."""
        signal = self._now.signal_of(notification)
        if signal is None or evidence_path(self._now.snapshot.state, SnapshotState.RUNNING) is None:
            return
        if notification.kind is NotificationKind.SKIPPED and not notification.incremental:
            # It is over, unless the connector reads the signal again: wait for that, as for late reports.
            self._now.signals[signal.id] = replace(signal, ended_at=signal.ended_at or notification.at)
            return
        self._evidence.latest = notification
        self._take_in(notification, signal)
        seen = self._see(notification, signal)
        if self._now.is_joiner(notification):
            self._evidence.note_joining(notification)
        self._read(notification, seen)

    def _read(self, notification: Notification, signal: ActiveSignal) -> None:
        match notification.kind:
            case NotificationKind.IN_PROGRESS:
                for topic in self._now.topics_reading(notification.current_collection, notification):
                    self._progress(topic, notification)
            case NotificationKind.TABLE_SCAN_COMPLETED:
                for topic in self._now.topics_reading(notification.scanned_collection, notification):
                    self._end_scan(self._progress(topic, notification), notification)
                if signal.ended_at is not None:
                    self._tell_end(signal, signal.ended_at)
            case NotificationKind.COMPLETED:
                self._tell_end(signal, notification.at if signal.ended_at is None else signal.ended_at)
            case NotificationKind.STARTED if notification.reads_nothing:
                self.complete(signal, notification.at)  # it understood none of the names, and will report nothing more
            case NotificationKind.ABORTED:
                self._abort(signal, notification)
            case (
                NotificationKind.STARTED
                | NotificationKind.PAUSED
                | NotificationKind.RESUMED
                | NotificationKind.SKIPPED
                | NotificationKind.OTHER
            ):
                pass  # it only shows that the engine was seen
            case _:
                assert_never(notification.kind)

    def in_flight(self) -> ActiveSignal | None:
        """Return the signal that the engine has, or may have."""
        return self._now.in_flight()

    def give_up(self, at: datetime, message: str) -> None:
        """Release the source although the result of the snapshot is unknown."""
        for signal in list(self._now.signals.values()):
            if (
                signal.state is SignalState.PENDING
            ):  # for a signal that was sent, it is unknown whether the engine has finished
                self._now.signals[signal.id] = replace(signal, state=SignalState.REFUSED, ended_at=at)
        self._abandon(at, message)

    def result(self) -> tuple[ActiveSnapshot, SnapshotChanges]:
        """Return the snapshot as it is then, and all that changed."""
        after = self._now.current
        changes = replace(
            difference(self._before, after),
            steps=tuple(self._steps),
            code=self._code,
            message=self._message,
            finished_at=after.finished_at if self._steps and self.ended else None,
            next_signal_id=self._next_signal_id(),
        )
        return after, self._evidence.added_to(changes)

    def _take_in(self, notification: Notification, signal: ActiveSignal) -> None:
        """Add candidates that `notification` names."""
        single = {notification.scanned_collection, notification.current_collection}
        for topic in list(self._candidates):
            if topic.data_collection in single or notification.names(topic.data_collection):
                self._now.topics[topic.id] = replace(topic, signal_id=signal.id)
                self._candidates.remove(topic)

    def _see(self, notification: Notification, signal: ActiveSignal) -> ActiveSignal:
        """Record that the engine was seen at work; return the signal as it is then."""
        snapshot, at = self._now.snapshot, notification.at
        is_old = snapshot.progressed_at is not None and at < snapshot.progressed_at
        if not (is_old and snapshot.state in {SnapshotState.RUNNING, SnapshotState.PAUSED}):
            paused = notification.kind is NotificationKind.PAUSED
            self._move_to(SnapshotState.PAUSED if paused else SnapshotState.RUNNING)
        self._now.snapshot = snapshot = replace(
            self._now.snapshot,
            started_at=snapshot.started_at or at,
            progressed_at=max(snapshot.progressed_at or at, at),
        )
        if signal.state is not SignalState.SENT:
            self._evidence.note_part(signal.id)
        seen = replace(signal, state=SignalState.SENT, started_at=min(signal.started_at or at, at))
        if signal.ended_at is not None and at > signal.ended_at and notification.kind is not NotificationKind.ABORTED:
            seen = replace(seen, ended_at=None)  # that was the end of another signal
        self._now.signals[signal.id] = seen
        return seen

    def _move_to(self, target: SnapshotState) -> None:
        path = evidence_path(self._now.snapshot.state, target) or ()
        self._steps.extend(path)
        self._evidence.note_steps(len(path))
        self._now.snapshot = replace(self._now.snapshot, state=target if path else self._now.snapshot.state)

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
        self._now.topics[topic.id] = after
        return after

    def _end_scan(self, topic: ActiveTopic, notification: Notification) -> None:
        outcome = outcome_of(notification.status, filtered=topic.filtered)
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
        if not topic.state.is_terminal:  # the first report counts
            self._evidence.note_part(topic.id)
            self._now.topics[topic.id] = replace(
                topic, state=state, outcome=outcome, engine_status=engine_status, finished_at=at
            )

    def _tell_end(self, signal: ActiveSignal, at: datetime) -> None:
        """End `signal`; if a table was not reported, wait: its report may be late, or a stop may explain it."""
        if self._now.open_topics(signal):
            self._now.signals[signal.id] = replace(signal, ended_at=at)
        else:
            self.complete(signal, at)

    def complete(self, signal: ActiveSignal, at: datetime) -> None:
        """End `signal`, and also the snapshot if it was the last signal; unreported tables have ended as well."""
        self._end_unreported(self._now.topics_of(signal), at)
        self._end_signal(signal, at)
        signals = self._now.signals.values()
        if not any(other.in_flight or other.state is SignalState.PENDING for other in signals):
            self._finish(at)

    def _abort(self, signal: ActiveSignal, notification: Notification) -> None:
        """Cancel the collections that were stopped; if the whole snapshot was stopped, cancel everything that is left.

        A stop of the whole snapshot comes after its end, under another id; a stop of some collections comes before the
        end, under the snapshot's id.
        """
        at, open_topics = notification.at, self._now.open_topics(signal)
        if not notification.incremental and self._now.topics_of(signal):
            self._tell_end(signal, at)  # nobody can stop a blocking snapshot: it gave up. The other signals may succeed
            return
        stopped = [topic for topic in open_topics if notification.names(topic.data_collection)]
        is_whole = not notification.collections or (signal.ended_at is not None and at >= signal.ended_at)
        if notification.id != signal.id and not self._now.snapshot.external:
            is_whole = is_whole or stopped == open_topics != []
        if not is_whole:
            for topic in stopped:
                self._end_topic(topic, TopicSnapshotState.CANCELLED, at)
            return
        for topic in list(self._now.topics.values()):
            self._end_topic(topic, TopicSnapshotState.CANCELLED, at)
        for other in list(self._now.signals.values()):
            self._end_signal(other, at)
        self._finish(at, stopped=True)

    def _end_signal(self, signal: ActiveSignal, at: datetime) -> None:
        if signal.in_flight or signal.state is SignalState.PENDING:
            self._now.signals[signal.id] = replace(signal, state=SignalState.ENDED, ended_at=at)
            self._evidence.note_part(signal.id)
            self._signal_ended = True

    def _next_signal_id(self) -> str | None:
        if not self._signal_ended or self.ended or self._now.in_flight():
            return None
        pending = (signal.id for signal in self._now.signals.values() if signal.state is SignalState.PENDING)
        return next(pending, None)

    def _finish(self, at: datetime, *, stopped: bool = False) -> None:
        if not self._now.snapshot.followed:
            self._abandon(at, ENDED_UNSEEN)
            return
        self._end_unreported(self._now.topics.values(), at)  # including those of a signal that was refused
        states = [topic.state for topic in self._now.topics.values()]
        self._move_to(verdict(states) if states or not stopped else SnapshotState.CANCELLED)
        self._now.snapshot = replace(self._now.snapshot, finished_at=at)
        failed, cancelled = states.count(TopicSnapshotState.FAILED), states.count(TopicSnapshotState.CANCELLED)
        if failed:
            self._code = SnapshotErrorCode.TABLES_FAILED
            self._message = f"{failed} of {len(states)} topics could not be read; see the outcome of each topic."
        elif cancelled:
            self._message = f"The snapshot was stopped before {cancelled} of {len(states)} topics were read."

    def _end_unreported(self, topics: Iterable[ActiveTopic], at: datetime) -> None:
        # If an engine reports at all, a table without a report has failed; otherwise nobody knows.
        state = TopicSnapshotState.FAILED if self._now.snapshot.followed else TopicSnapshotState.CANCELLED
        for topic in list(topics):
            self._end_topic(topic, state, at, TopicSnapshotOutcome.NOT_REPORTED)

    def _abandon(self, at: datetime, message: str) -> None:
        for topic in list(self._now.topics.values()):
            self._end_topic(topic, TopicSnapshotState.CANCELLED, at, TopicSnapshotOutcome.NOT_REPORTED)
        self._move_to(SnapshotState.ABANDONED)
        self._now.snapshot = replace(self._now.snapshot, finished_at=at)
        self._code, self._message = SnapshotErrorCode.END_NOT_REPORTED, message
