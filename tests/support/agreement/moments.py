"""The states that a source snapshot really had, by the ledger's events, and whether what somebody saw is among them.

The events are written in the transactions of the changes themselves, and nobody can change them afterwards.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from snapshots.audit import LedgerEvent, LedgerSubject
from snapshots.records import SourceSnapshotRecord
from snapshots.states import TopicSnapshotState

Moment = tuple[str, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]
"""A source snapshot's state, those of its signals, and those of its topics that have ended."""


def moments_of(snapshot: SourceSnapshotRecord, events: Sequence[LedgerEvent]) -> Iterator[Moment]:
    """The states that `snapshot` had between transactions, in order; all events of one transaction have its time."""
    state, signals, topics = "PENDING", {one.id: "PENDING" for one in snapshot.signals}, dict[str, str]()
    yield state, frozenset(signals.items()), frozenset(topics.items())
    of_this = [
        event
        for event in events
        if event.source_snapshot_id == snapshot.id and event.subject_kind is not LedgerSubject.VERIFICATION
    ]
    for _, together in groupby(of_this, key=lambda event: (event.at, event.cause)):
        for event in together:
            match event.subject_kind:
                case LedgerSubject.SOURCE_SNAPSHOT:
                    state = event.to_state
                case LedgerSubject.SIGNAL:
                    signals[event.subject_id] = event.to_state
                case LedgerSubject.TOPICS:
                    topics |= {one["id"]: event.to_state for one in (event.detail or {})["topics"]}
        yield state, frozenset(signals.items()), frozenset(topics.items())


def of_record(snapshot: SourceSnapshotRecord) -> Moment:
    """What a record shows."""
    return (
        snapshot.state.value,
        frozenset((signal.id, signal.state.value) for signal in snapshot.signals),
        frozenset((topic.id, topic.state.value) for topic in snapshot.topics if topic.state.is_terminal),
    )


def of_json(snapshot: dict[str, Any]) -> Moment:
    """What an answer of the gateway shows."""
    ended = {state.value for state in TopicSnapshotState if state.is_terminal}
    return (
        snapshot["state"],
        frozenset((signal["id"], signal["state"]) for signal in snapshot["signals"]),
        frozenset((topic["id"], topic["state"]) for topic in snapshot["topics"] if topic["state"] in ended),
    )


def check_order(name: str, seen: Iterable[Moment], moments: Sequence[Moment]) -> None:
    """Fail where `name` has seen what never was, or after a later state."""
    place = 0
    for moment in seen:
        assert moment in moments[place:], f"{name} saw what was not, or is no more: {moment}"
        place = moments.index(moment, place)
