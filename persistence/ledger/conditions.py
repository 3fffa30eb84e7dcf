"""Filters of the ledger's lists as SQL conditions; each value is a parameter, whatever it holds."""

from collections.abc import Iterator

from sqlalchemy import ColumnElement, any_

from persistence.catalog_filters import storable, texts
from persistence.tables import bulk_snapshot
from snapshots.records import BulkSnapshotFilter


def bulk_conditions(wanted: BulkSnapshotFilter) -> Iterator[ColumnElement[bool]]:
    """Yield what rows of bulk_snapshot have to satisfy."""
    column = bulk_snapshot.c
    if wanted.snapshot_types is not None:
        yield column.snapshot_type == any_(texts(wanted.snapshot_types))
    if wanted.requested_by is not None:
        yield column.requested_by == any_(texts(storable(wanted.requested_by)))
    if wanted.requested_after is not None:
        yield column.requested_at >= wanted.requested_after
    if wanted.requested_before is not None:
        yield column.requested_at < wanted.requested_before
