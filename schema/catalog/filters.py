"""Which items of a list are wanted: all fields of a filter must hold, and any member of a list within one."""

from collections.abc import Sequence
from typing import TypeVar

import strawberry
from strawberry.utils.str_converters import to_camel_case

from schema.enums import ConnectorState, TopicProducer
from schema.state_enums import SnapshotState
from snapshots.catalog.filters import SourceFilter, TopicFilter
from snapshots.errors import RequestError
from snapshots.identifiers import is_valid_id
from snapshots.texts import is_storable
from snapshots.vocabulary import UserErrorCode

MemberT = TypeVar("MemberT")

MAX_MEMBERS = 500
MAX_NAME = 1000


@strawberry.input(
    name="TopicFilter", description="A filter on topics. Those that satisfy all given fields are returned."
)
class TopicFilterInput:
    """The filter of `topics`."""

    name_contains: str | None = strawberry.field(
        default=None,
        description="Only topics whose name contains this text, in upper or lower case. No character has a special "
        "meaning.",
    )
    producer: list[TopicProducer] | None = strawberry.field(
        default=None, description="Only topics that are written by any of these."
    )
    source_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only topics that are written by any of these source connectors. At most 500 ids."
    )
    keyless: bool | None = strawberry.field(
        default=None,
        description="Only topics whose table has no key (true) or has one (false). Topics for which this is not "
        "known match neither.",
    )
    exists: bool | None = strawberry.field(
        default=None, description="Only topics that were seen on Kafka (true) or were not (false)."
    )
    snapshot_state: list[SnapshotState] | None = strawberry.field(
        default=None, description="Only topics whose last source snapshot is in any of these states."
    )


@strawberry.input(
    name="SourceFilter", description="A filter on source connectors. Those that satisfy all given fields are returned."
)
class SourceFilterInput:
    """The filter of `sources`."""

    name_contains: str | None = strawberry.field(
        default=None,
        description="Only source connectors whose name contains this text, in upper or lower case. No character has "
        "a special meaning.",
    )
    state: list[ConnectorState] | None = strawberry.field(
        default=None, description="Only source connectors in any of these states."
    )
    cluster_ids: list[strawberry.ID] | None = strawberry.field(
        default=None, description="Only source connectors of any of these clusters. At most 500 ids."
    )


def topic_filter(given: TopicFilterInput | None) -> TopicFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much or no text."""
    if given is None:
        return TopicFilter()
    return TopicFilter(
        name_contains=_name(given.name_contains),
        producers=members("producer", given.producer),
        source_ids=ids("source_ids", given.source_ids),
        keyless=given.keyless,
        exists=given.exists,
        snapshot_states=members("snapshot_state", given.snapshot_state),
    )


def source_filter(given: SourceFilterInput | None) -> SourceFilter:
    """Return what `given` asks. Raises RequestError (INVALID_VALUE) where it holds too much or no text."""
    if given is None:
        return SourceFilter()
    return SourceFilter(
        name_contains=_name(given.name_contains),
        states=members("state", given.state),
        cluster_ids=ids("cluster_ids", given.cluster_ids),
    )


def _name(text: str | None) -> str | None:
    if text is not None and not (len(text) <= MAX_NAME and is_storable(text)):
        message = f"nameContains is a text of at most {MAX_NAME} characters."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("filter", "name_contains"))
    return text


def members(name: str, given: Sequence[MemberT] | None) -> tuple[MemberT, ...] | None:
    """Return the members of a list in a filter, None where it is absent. Raises RequestError for too many."""
    if given is None:
        return None
    if len(given) > MAX_MEMBERS:
        message = f"{to_camel_case(name)} takes at most {MAX_MEMBERS} members; got {len(given)}."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("filter", name))
    return tuple(given)


def ids(name: str, given: Sequence[str] | None) -> tuple[str, ...] | None:
    """Return those of a list of ids in a filter that could be of anything. Raises RequestError as `members` does."""
    found = members(name, given)
    return None if found is None else tuple(one for one in found if is_valid_id(one))
