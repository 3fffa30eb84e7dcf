"""Which items of a list are wanted: all fields of a filter must hold, and any member of a list within one."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from schema.enums import ConnectorState, SnapshotType, TopicProducer
from schema.state_enums import BulkSnapshotState, SnapshotState
from snapshots.catalog.contents import SourceFilter, TopicFilter
from snapshots.errors import RequestError
from snapshots.identifiers import is_valid_id
from snapshots.records import BulkSnapshotFilter
from snapshots.texts import is_storable
from snapshots.vocabulary import UserErrorCode

MemberT = TypeVar("MemberT")

MAX_MEMBERS = 500
MAX_NAME = 1000


@strawberry.input(name="TopicFilter", description="Topics that satisfy all of the given fields.")
class TopicFilterInput:
    """The filter of `topics`."""

    name_contains: str | None = strawberry.field(
        default=None, description="Part of the name, upper or lower case; no character has a special meaning."
    )
    producer: list[TopicProducer] | None = strawberry.field(default=None, description="Written by any of these.")
    source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Written by any of these source connectors; at most 500."
    )
    keyless: bool | None = strawberry.field(
        default=None, description="Whether the table has no key; topics of which that is not known satisfy neither."
    )
    exists: bool | None = strawberry.field(default=None, description="Whether the topic was seen on Kafka.")
    snapshot_state: list[SnapshotState] | None = strawberry.field(
        default=None, description="The last source snapshot that had the topic is in any of these states."
    )


@strawberry.input(name="SourceFilter", description="Source connectors that satisfy all of the given fields.")
class SourceFilterInput:
    """The filter of `sources`."""

    name_contains: str | None = strawberry.field(
        default=None, description="Part of the name, upper or lower case; no character has a special meaning."
    )
    state: list[ConnectorState] | None = strawberry.field(default=None, description="In any of these states.")
    cluster_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Of any of these clusters; at most 500."
    )


@strawberry.input(name="BulkSnapshotFilter", description="Bulk snapshots that satisfy all of the given fields.")
class BulkSnapshotFilterInput:
    """The filter of `bulkSnapshots`."""

    state: list[BulkSnapshotState] | None = strawberry.field(default=None, description="In any of these states, now.")
    source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="With a source snapshot on any of these source connectors; at most 500."
    )
    topic_ids: list[strawberry.ID] | None = strawberry.field(
        default=None,
        description="With any of these topics in a source snapshot, at most 500; skipped topics do not count.",
    )
    snapshot_type: list[SnapshotType] | None = strawberry.field(default=None, description="Of any of these types.")
    requested_by: list[str] | None = strawberry.field(default=None, description="By any of these callers; at most 500.")
    requested_after: datetime | None = strawberry.field(default=None, description="At this moment or later.")
    requested_before: datetime | None = strawberry.field(default=None, description="Before this moment.")


def topic_filter(given: TopicFilterInput | None) -> TopicFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much or no text."""
    if given is None:
        return TopicFilter()
    return TopicFilter(
        name_contains=_name(given.name_contains),
        producers=_members("producer", given.producer),
        source_ids=_ids("source_ids", given.source_ids),
        keyless=given.keyless,
        exists=given.exists,
        snapshot_states=_members("snapshot_state", given.snapshot_state),
    )


def source_filter(given: SourceFilterInput | None) -> SourceFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much or no text."""
    if given is None:
        return SourceFilter()
    return SourceFilter(
        name_contains=_name(given.name_contains),
        states=_members("state", given.state),
        cluster_ids=_ids("cluster_ids", given.cluster_ids),
    )


def _name(text: str | None) -> str | None:
    if text is not None and not (len(text) <= MAX_NAME and is_storable(text)):
        message = f"nameContains is a text of at most {MAX_NAME} characters."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("filter", "name_contains"))
    return text


def _members(name: str, members: Sequence[MemberT] | None) -> tuple[MemberT, ...] | None:
    if members is None:
        return None
    if len(members) > MAX_MEMBERS:
        message = f"{to_camel_case(name)} takes at most {MAX_MEMBERS} members; got {len(members)}."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("filter", name))
    return tuple(members)


def _ids(name: str, ids: Sequence[str] | None) -> tuple[str, ...] | None:
    members = _members(name, ids)
    return None if members is None else tuple(id_ for id_ in members if is_valid_id(id_))


def bulk_snapshot_filter(given: BulkSnapshotFilterInput | None) -> BulkSnapshotFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much."""
    if given is None:
        return BulkSnapshotFilter()
    return BulkSnapshotFilter(
        states=_members("state", given.state),
        source_ids=_ids("source_ids", given.source_ids),
        topic_ids=_ids("topic_ids", given.topic_ids),
        snapshot_types=_members("snapshot_type", given.snapshot_type),
        requested_by=_members("requested_by", given.requested_by),
        requested_after=given.requested_after,
        requested_before=given.requested_before,
    )
