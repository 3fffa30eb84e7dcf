"""Which signal and which topics of a snapshot a notification belongs to (docs/guides/following.md has the rules). Pure.

Debezium's behaviour was seen on 3.6: an incremental snapshot carries the id of the signal that joined it last; it
begins with STARTED only if none is running; a blocking one carries a random id each time.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from snapshots.following.in_progress import ActiveSignal, ActiveSnapshot, ActiveTopic
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.signalling.names import plain_name
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotType

CLOCK_SKEW = timedelta(seconds=5)
"""How far the engine's clock may be behind ours. Machines that keep time by NTP differ by much less, and an older
snapshot of the same connector rarely ends within this time."""
STOP_FOLLOWS = timedelta(seconds=5)
"""How long after the end an engine may report that the end was a stop: the two come within a millisecond."""


def telling(
    snapshot: ActiveSnapshot, notifications: Sequence[Notification], senders: Mapping[str, str]
) -> Sequence[Notification]:
    """Return those of `notifications` that may concern `snapshot`: none under the id of another snapshot's signal.

    `senders` names the source snapshot that sent each of our signals. An engine that was killed reads signals again
    from the offsets that it had written: first those of snapshots that have ended, before ours comes again or joins
    them. An external snapshot may be such a repetition itself, so every notification may concern it.
    """
    if snapshot.external:
        return notifications
    own = snapshot.source_snapshot_id
    return [one for one in notifications if not one.incremental or senders.get(one.id, own) == own]


class Correlation:
    """A snapshot while notifications are compared with it; its parts are replaced as they change."""

    def __init__(self, snapshot: ActiveSnapshot) -> None:
        """Begin with `snapshot`."""
        self.snapshot = snapshot
        self.signals = {signal.id: signal for signal in sorted(snapshot.signals, key=lambda signal: signal.position)}
        self.topics = {topic.id: topic for topic in snapshot.topics}

    @property
    def current(self) -> ActiveSnapshot:
        """The snapshot as it is now."""
        return replace(self.snapshot, signals=tuple(self.signals.values()), topics=tuple(self.topics.values()))

    def signal_of(self, notification: Notification) -> ActiveSignal | None:
        """Return the signal in flight that `notification` belongs to; None if it is not about this snapshot."""
        if notification.incremental is not (self.snapshot.snapshot_type is SnapshotType.INCREMENTAL):
            return None
        signal = self.in_flight() if self._is_restart(notification) else self._candidate(notification)
        if signal is None or signal.ended_at is None:
            return signal
        late = notification.at <= signal.ended_at
        if notification.kind is NotificationKind.ABORTED:
            late = notification.at <= signal.ended_at + STOP_FOLLOWS
        # A blocking snapshot that ended without our tables was not ours if another one begins: blocking ones queue.
        # An incremental one that reports under its own id after its end runs again, after a restart of the engine.
        is_own = notification.id == signal.id and notification.kind.meaning.is_at_work
        is_late_or_news = late or is_own or not (notification.incremental or self.snapshot.external)
        return signal if is_late_or_news else None

    def in_flight(self) -> ActiveSignal | None:
        """Return the signal that the engine has, or may have."""
        return next((signal for signal in self.signals.values() if signal.in_flight), None)

    def topics_of(self, signal: ActiveSignal) -> list[ActiveTopic]:
        """Return the topics that `signal` asked for."""
        return [topic for topic in self.topics.values() if topic.signal_id == signal.id]

    def open_topics(self, signal: ActiveSignal) -> list[ActiveTopic]:
        """Return the topics of `signal` that have not ended."""
        return [topic for topic in self.topics_of(signal) if not topic.state.is_terminal]

    def topics_reading(self, collection: str | None, notification: Notification) -> list[ActiveTopic]:
        """Return the topics whose reading of `collection` the notification reports, of the signal that it belongs to.

        If signals overlap, one table may be read once for each of them. If the id is ours, we joined last, so only the
        last of these readings is ours. If it is another's, we were there before, and the first report counts.
        """
        signal = self.signal_of(notification)
        if collection is None or signal is None:
            return []
        topics = self.topics_of(signal)
        names = {topic.data_collection for topic in topics}
        if notification.id == signal.id and _times_named(collection, notification.collections, names) > 1:
            return []
        return named(collection, topics)

    def is_joiner(self, notification: Notification) -> bool:
        """Whether `notification`, which belongs to this snapshot, carries the id of somebody else's signal.

        The engine continues to read under the id that joined last. A stop has a random id, but reads nothing.
        """
        is_foreign = notification.id not in self.signals and not self.snapshot.external
        return is_foreign and notification.incremental and notification.kind.meaning.reads_table

    def is_successor(self, notification: Notification) -> bool:
        """Whether `notification` proves that another snapshot has begun, and so that this one is over.

        An engine reports a start only if no snapshot of this kind is running.
        """
        if notification.kind is not NotificationKind.STARTED or notification.id in self.signals:
            return False
        if notification.incremental is not (self.snapshot.snapshot_type is SnapshotType.INCREMENTAL):
            return False
        signal = self.in_flight()
        if signal is None or not self._seen(notification.at):
            return False
        if not (notification.incremental or self.snapshot.external):
            return False  # of blocking ones ours may be the later
        since = signal.ended_at or self.snapshot.progressed_at
        return since is not None and notification.at > since

    def _candidate(self, notification: Notification) -> ActiveSignal | None:
        if notification.kind.meaning.proves_nothing and notification.id not in self.signals:
            return None  # SKIPPED comes from every start of a connector; unknown kinds prove nothing
        if self.snapshot.external:
            return self.in_flight()
        if not notification.incremental:
            return self._blocking_candidate(notification)
        signal = self.signals.get(notification.id)
        if signal is not None:
            return signal if signal.in_flight else None
        # Another's id: one that joined after us, if we were seen at work before. A stop has a random one.
        if notification.kind is NotificationKind.STARTED or not self._seen(notification.at):
            return None
        return self.in_flight()

    def _is_restart(self, notification: Notification) -> bool:
        """Whether `notification` shows that the connector has started again since the blocking snapshot was at work.

        Debezium does not resume a blocking snapshot, and reports nothing more about it (seen on 3.6).
        """
        return (
            notification.kind is NotificationKind.SKIPPED
            and not notification.incremental
            and self._seen(notification.at)
            and notification.at > (self.snapshot.progressed_at or notification.at)
        )

    def _blocking_candidate(self, notification: Notification) -> ActiveSignal | None:
        signal, since = self.in_flight(), self.snapshot.sending_since
        if notification.kind.meaning.proves_nothing or signal is None or since is None:
            return None
        if notification.at < since - CLOCK_SKEW:
            return None
        # Blocking snapshots queue: until a start is reported, all reports are about the previous one.
        is_start = notification.kind is NotificationKind.STARTED
        if self.snapshot.after_abandoned and self.snapshot.started_at is None and not is_start:
            return None
        # Both times are the engine's: a repeated report of the previous signal's end is not the end of this one.
        last_end = self._last_end()
        if last_end is not None and notification.at <= last_end:
            return None
        collection = notification.scanned_collection or notification.current_collection
        if collection is not None and not named(collection, self.topics_of(signal)):
            return None
        return signal

    def _seen(self, at: datetime) -> bool:
        """Whether the signal in flight was seen at work, at the latest at `at`."""
        signal = self.in_flight()
        return signal is not None and signal.started_at is not None and at >= signal.started_at

    def _last_end(self) -> datetime | None:
        ends = [signal.ended_at for signal in self.signals.values() if signal.state is SignalState.ENDED]
        return max((end for end in ends if end is not None), default=None)


def named(collection: str, topics: Iterable[ActiveTopic]) -> list[ActiveTopic]:
    """Return those of `topics` that read `collection`: first by its exact name, last in any case."""
    topics = list(topics)
    exact = [topic for topic in topics if topic.data_collection == collection]
    # The reader of notifications treats backslashes as escapes, even if they belong to a name.
    exact = exact or [topic for topic in topics if plain_name(topic.data_collection) == collection]
    if exact:
        return exact
    folded = [topic for topic in topics if topic.data_collection.casefold() == collection.casefold()]
    return folded if len({topic.data_collection for topic in folded}) == 1 else []


def _times_named(collection: str, collections: tuple[str, ...], names: Iterable[str]) -> int:
    """Count `collection` in `collections`, which are pieces of names if a name holds a comma.

    It may also be a piece of another of `names`: that does not count.
    """
    longer = (name for name in names if name != collection and "," in name)
    within = sum(_times_within(collection, name.split(",")) * _times_within(name, collections) for name in longer)
    return _times_within(collection, collections) - within


def _times_within(name: str, pieces: Sequence[str]) -> int:
    """Count how often the pieces of `name` follow one another in `pieces`."""
    own = name.split(",")
    return sum(list(pieces[start : start + len(own)]) == own for start in range(len(pieces)))
