"""The typed result of each source: what the caller was told."""

import strawberry

from schema.catalog.source_connector import SourceConnectorType
from schema.catalog.topic import TopicType
from schema.enums import SnapshotErrorCode
from schema.fields import view
from schema.following.source_snapshot import SourceSnapshotType
from snapshots.records import AnswerKind
from snapshots.requesting.answers import SourceResult

_KINDS = {
    AnswerKind.DISPATCHED: "SourceSnapshotDispatched",
    AnswerKind.UNCONFIRMED: "SourceSnapshotUnconfirmed",
    AnswerKind.FAILED: "SourceSnapshotFailed",
}


@strawberry.interface(
    name="SourceSnapshotResult",
    description="What became of the request to one source, as answered. More kinds may be added: ask for the fields of "
    "the interface, and of the kinds that you know.",
)
class SourceSnapshotResultType:
    """An interface rather than a union, so that clients keep working when a kind is added."""

    id: strawberry.ID = strawberry.field(description="The source connector's id.")
    success: bool = strawberry.field(description="Whether the source took the snapshot.")
    message: str | None = strawberry.field(description="What became of it, for people.")

    source: SourceConnectorType = strawberry.field(description="The connector that was asked.")

    topics: list[TopicType] = strawberry.field(description="The topics that it was asked for, in input order.")

    snapshot: SourceSnapshotType = strawberry.field(description="The durable record, as it stands now.")

    @staticmethod
    def resolve_type(result: SourceResult, _info: object, _interface: object) -> str:
        """Return the name of the type of `result`, by what was answered."""
        return _KINDS[result.answer.kind]


@view(SourceResult, description="The channel accepted the signal. The engine has yet to start: follow `snapshot`.")
class SourceSnapshotDispatchedType(SourceSnapshotResultType):
    """A success."""


@view(
    SourceResult,
    description="The deadline passed, or the connection broke, while sending: the engine may or may not have the "
    "signal. With CHANNEL_UNAVAILABLE its channel could not be reached until then, and goes on being tried. Either way "
    "it is settled later; do not send it again, follow `snapshot`.",
)
class SourceSnapshotUnconfirmedType(SourceSnapshotResultType):
    """Neither a success nor a failure, yet."""

    code: SnapshotErrorCode = strawberry.field(description="What happened, for programs.")
    retryable: bool = strawberry.field(description="Whether sending it again is safe now: not before it is settled.")


@view(SourceResult, description="The source did not take the snapshot, for certain: nothing reached the engine.")
class SourceSnapshotFailedType(SourceSnapshotResultType):
    """A failure of this source, which leaves the others alone."""

    code: SnapshotErrorCode = strawberry.field(description="What went wrong, for programs.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )
