"""Snapshots of connectors that send no notifications: what Kafka Connect's offsets say about them. Pure.

While an incremental snapshot runs, Debezium keeps its position in the connector's offsets, and removes it at the end
(seen on 3.6). Kafka Connect writes offsets at intervals, so a short snapshot may never appear in them.
"""

from datetime import datetime, timedelta

from snapshots.following.correlation import Correlation
from snapshots.following.in_progress import ActiveSignal, ActiveSnapshot, SnapshotChanges
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.following.reducer import end_in_flight, give_up, reduce_all
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotType

OFFSETS_AGE = timedelta(seconds=60)
"""How old offsets may be: Kafka Connect's default of `offset.flush.interval.ms`."""


def judge(
    active: ActiveSnapshot,
    sight: OffsetsReport | None,
    *,
    now: datetime,
    silence: timedelta,
    offsets_age: timedelta = OFFSETS_AGE,
) -> tuple[ActiveSnapshot, SnapshotChanges]:
    """Return `active` as `sight` shows it; `sight` is None if nothing can be seen.

    If the snapshot was in the offsets and is gone, its signal has ended. If it was never there, and the offsets are
    newer than its signal, it has ended or was never accepted. If neither is certain, the source is released after
    `silence` without a sign of life. The same applies to a snapshot that was followed at first: offsets may be older
    than its reports, and prove nothing.
    """
    correlation = Correlation(active)
    signal, since = correlation.in_flight(), active.sending_since
    if signal is None or since is None or signal.state is SignalState.SENDING:
        return active, SnapshotChanges()
    if sight is not None and not active.followed and active.snapshot_type is SnapshotType.INCREMENTAL:
        is_sent, was_seen = signal.state is SignalState.SENT, _was_seen(active, since)
        is_joined = _is_joined(sight, signal, correlation)
        if sight.correlation_id == signal.id or (is_joined and was_seen):
            # Offsets without a time are no sign of life: they stay when a connector stops.
            at = max(since, min(sight.reached_at, now)) if sight.reached_at else since
            active, changes = reduce_all(active, (_running(signal, at),))
            if not _is_silent(active, since, now, silence):
                return active, changes
        elif is_sent and not is_joined and (was_seen or _reaches_past(sight, since, now, offsets_age)):
            return end_in_flight(active, now)
    if _is_silent(active, since, now, silence):
        minutes = silence.total_seconds() / 60
        message = (
            f"The source was released after {minutes:g} minutes without a sign of life. The outcome of the "
            "snapshot is unknown, because the connector sends no notifications. The engine may still be running "
            "it."
        )
        return give_up(active, now, message)
    return active, SnapshotChanges()


def _is_joined(sight: OffsetsReport, signal: ActiveSignal, correlation: Correlation) -> bool:
    """Whether a snapshot under another id reads a table of ours: it is ours if a signal joined ours, or another one."""
    if sight.correlation_id in {None, signal.id}:
        return False
    collections = {topic.data_collection for topic in correlation.topics_of(signal)}
    return bool(collections & set(sight.collections))


def _running(signal: ActiveSignal, at: datetime) -> Notification:
    return Notification(
        cluster_id="",
        topic="",
        partition=0,
        offset=0,
        record_timestamp_ms=0,
        prefix="",
        id=signal.id,
        kind=NotificationKind.IN_PROGRESS,
        incremental=True,
        at=at,
    )


def _was_seen(active: ActiveSnapshot, since: datetime) -> bool:
    return active.progressed_at is not None and active.progressed_at >= since


def _reaches_past(sight: OffsetsReport, since: datetime, now: datetime, offsets_age: timedelta) -> bool:
    return sight.reached_at is not None and sight.reached_at >= since and now >= since + offsets_age


def _is_silent(active: ActiveSnapshot, since: datetime, now: datetime, silence: timedelta) -> bool:
    seen = active.progressed_at if active.progressed_at is not None else since
    return now - max(seen, since) > silence
