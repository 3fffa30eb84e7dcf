"""Which signal and which topics of a snapshot a notification is about (docs/guides/following.md has the rules). Pure.

What Debezium does was seen on 3.6: an incremental snapshot carries the id of the signal that joined it last; it begins
with STARTED only where none is running; a blocking one carries a random id each time.
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
"""How far the engine's clock may be behind ours: machines that keep time by NTP differ by much less, and an older
snapshot of the same connector rarely ends within it."""
STOP_FOLLOWS = timedelta(seconds=5)
"""How long after the end an engine may say that the end was a stop: the two come within a millisecond."""


def telling(
    snapshot: ActiveSnapshot, notifications: Sequence[Notification], senders: Mapping[str, str]
) -> Sequence[Notification]:
    """Return those of `notifications` that can tell of `snapshot`: none under the id of a signal that another one sent.

    `senders` names the source snapshot that sent each signal of ours. An engine that was killed reads signals again
    from the offsets that it had written: those of snapshots that have ended, before ours comes again or joins them.
    An external snapshot may be such a repetition itself, so that everything tells of it.
    """
    if snapshot.external:
        return notifications
    own = snapshot.source_snapshot_id
    return [one for one in notifications if not one.incremental or senders.get(one.id, own) == own]


class Correlation:
    """A snapshot while notifications are held against it; its parts are replaced as they change."""

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
        """Return the signal in flight that `notification` tells of, None where it tells of none of this snapshot."""
        if notification.incremental is not (self.snapshot.snapshot_type is SnapshotType.INCREMENTAL):
            return None
        signal = self.in_flight() if self._is_restart(notification) else self._candidate(notification)
        if signal is None or signal.ended_at is None:
            return signal
        late = notification.at <= signal.ended_at
        if notification.kind is NotificationKind.ABORTED:
            late = notification.at <= signal.ended_at + STOP_FOLLOWS
        # A blocking snapshot that ended without our tables was not ours, where another begins: blocking ones queue.
        # An incremental one that is told of by its own id after its end is run again, after a restart of the engine.
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
        """Return the topics of whose reading of `collection` the notification tells, of the signal that it is about.

        Where signals overlap, one table may be read once for each. Under our own id we were the last to join, so that
        only the last of these readings is ours; under another's we were there before, and the first word stands.
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
        """Whether `notification`, which tells of this snapshot, carries the id of a signal of somebody else's.

        The engine reads on under the id that joined last. A stop has a random one, but reads nothing.
        """
        is_foreign = notification.id not in self.signals and not self.snapshot.external
        return is_foreign and notification.incremental and notification.kind.meaning.reads_table

    def is_successor(self, notification: Notification) -> bool:
        """Whether `notification` proves that another snapshot has begun, and thereby that this one is over.

        An engine tells of a start only where nothing of the kind is running.
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
            return None  # SKIPPED comes from every start of a connector; what we do not know proves nothing
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
        """Whether `notification` tells that the connector has started anew since the blocking snapshot was at work.

        Debezium does not take up a blocking snapshot again, and says nothing more of it (seen on 3.6).
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
        # Blocking snapshots queue: until a start is told, all is told of the one before.
        is_start = notification.kind is NotificationKind.STARTED
        if self.snapshot.after_abandoned and self.snapshot.started_at is None and not is_start:
            return None
        # The engine's clock against itself: the end of the signal before, told again, is not the end of this one.
        last_end = self._last_end()
        if last_end is not None and notification.at <= last_end:
            return None
        collection = notification.scanned_collection or notification.current_collection
        if collection is not None and not named(collection, self.topics_of(signal)):
            return None
        return signal

    def _seen(self, at: datetime) -> bool:
        """Whether the signal in flight was seen at work, and by `at`."""
        signal = self.in_flight()
        return signal is not None and signal.started_at is not None and at >= signal.started_at

    def _last_end(self) -> datetime | None:
        ends = [signal.ended_at for signal in self.signals.values() if signal.state is SignalState.ENDED]
        return max((end for end in ends if end is not None), default=None)


def named(collection: str, topics: Iterable[ActiveTopic]) -> list[ActiveTopic]:
    """Return those of `topics` that read `collection`: by its exact name first, in any case last."""
    topics = list(topics)
    exact = [topic for topic in topics if topic.data_collection == collection]
    # The reader of notifications takes backslashes for escapes, also those that belong to a name.
    exact = exact or [topic for topic in topics if plain_name(topic.data_collection) == collection]
    if exact:
        return exact
    folded = [topic for topic in topics if topic.data_collection.casefold() == collection.casefold()]
    return folded if len({topic.data_collection for topic in folded}) == 1 else []


def _times_named(collection: str, collections: tuple[str, ...], names: Iterable[str]) -> int:
    """How often `collection` is among `collections`, which are pieces of names where a name holds a comma.

    It may be a piece of another of `names` as well: that does not count.
    """
    longer = (name for name in names if name != collection and "," in name)
    within = sum(_times_within(collection, name.split(",")) * _times_within(name, collections) for name in longer)
    return _times_within(collection, collections) - within


def _times_within(name: str, pieces: Sequence[str]) -> int:
    """How often the pieces of `name` follow one another in `pieces`."""
    own = name.split(",")
    return sum(list(pieces[start : start + len(own)]) == own for start in range(len(pieces)))
