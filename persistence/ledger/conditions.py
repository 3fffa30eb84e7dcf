"""Filters of the ledger's lists as SQL conditions; each value is a parameter, whatever it holds."""

from collections.abc import Iterable, Iterator

from sqlalchemy import ColumnElement, and_, any_, exists, false, literal_column, not_, or_

from persistence.catalog.conditions import storable, texts
from persistence.tables import bulk_snapshot, snapshot_topic, source_snapshot
from snapshots.records import BulkSnapshotFilter
from snapshots.states import BulkSnapshotState, SnapshotState

Condition = ColumnElement[bool]

_COMPLETED = SnapshotState.COMPLETED
_IN_PROGRESS = tuple(state for state in SnapshotState if not state.is_terminal)


def bulk_conditions(wanted: BulkSnapshotFilter) -> Iterator[Condition]:
    """Yield what rows of bulk_snapshot have to satisfy."""
    column = bulk_snapshot.c
    if wanted.states is not None:
        yield or_(false(), *(_in_state(state) for state in dict.fromkeys(wanted.states)))
    if wanted.source_ids is not None:
        yield _source_exists(source_snapshot.c.connector_id == any_(texts(storable(wanted.source_ids))))
    if wanted.topic_ids is not None:
        yield _source_exists(
            snapshot_topic.c.tenant_id == source_snapshot.c.tenant_id,
            snapshot_topic.c.source_snapshot_id == source_snapshot.c.id,
            snapshot_topic.c.topic_id == any_(texts(storable(wanted.topic_ids))),
        )
    if wanted.snapshot_types is not None:
        yield column.snapshot_type == any_(texts(wanted.snapshot_types))
    if wanted.requested_by is not None:
        yield column.requested_by == any_(texts(storable(wanted.requested_by)))
    if wanted.requested_after is not None:
        yield column.requested_at >= wanted.requested_after
    if wanted.requested_before is not None:
        yield column.requested_at < wanted.requested_before


def _in_state(state: BulkSnapshotState) -> Condition:
    """What `snapshots.states.bulk_state` says, in SQL; a test holds the two together."""
    in_progress = _has(_IN_PROGRESS)
    if state is BulkSnapshotState.IN_PROGRESS:
        return in_progress
    if state is BulkSnapshotState.COMPLETED:
        return not_(_has(state for state in SnapshotState if state is not _COMPLETED))
    if state is BulkSnapshotState.CANCELLED:
        return and_(
            _has([SnapshotState.CANCELLED]),
            not_(_has(state for state in SnapshotState if state is not SnapshotState.CANCELLED)),
        )
    read_something = or_(_has([_COMPLETED]), _has([SnapshotState.PARTIALLY_COMPLETED]))
    if state is BulkSnapshotState.PARTIALLY_COMPLETED:
        unread = [end for end in SnapshotState if end.is_terminal and end is not _COMPLETED]
        return and_(_has(unread), read_something, not_(in_progress))
    lost = _has([SnapshotState.FAILED, SnapshotState.ABANDONED])
    return and_(lost, not_(read_something), not_(in_progress))


def _has(states: Iterable[SnapshotState]) -> Condition:
    """Whether a source snapshot of the bulk snapshot is in any of `states`."""
    # Literals rather than parameters: only so can the planner see that the index of the unusual states will do.
    words: list[ColumnElement[str]] = [literal_column(f"'{state.value}'") for state in states]
    return _source_exists(source_snapshot.c.state.in_(words))


def _source_exists(*conditions: Condition) -> Condition:
    # EXISTS, because the planner can make a join of it, in whichever order is better.
    return exists().where(
        source_snapshot.c.tenant_id == bulk_snapshot.c.tenant_id,
        source_snapshot.c.bulk_snapshot_id == bulk_snapshot.c.id,
        *conditions,
    )
