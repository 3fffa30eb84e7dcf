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
    description="The result of the request to one source, as answered to the caller. More types may be added: "
    "select the fields of this interface, and those of the types that you know.",
)
class SourceSnapshotResultType:
    """An interface rather than a union, so that clients keep working when a kind is added."""

    id: strawberry.ID = strawberry.field(description="The id of the source connector.")
    success: bool = strawberry.field(description="Whether the source took the snapshot.")
    message: str | None = strawberry.field(description="What happened to the request, as a sentence for people.")

    source: SourceConnectorType = strawberry.field(description="The source connector that was asked.")

    topics: list[TopicType] = strawberry.field(description="The topics that the source was asked for, in input order.")

    snapshot: SourceSnapshotType = strawberry.field(
        description="The durable record of the source snapshot, as it is now."
    )

    @staticmethod
    def resolve_type(result: SourceResult, _info: object, _interface: object) -> str:
        """Return the name of the type of `result`, by what was answered."""
        return _KINDS[result.answer.kind]


@view(
    SourceResult,
    description="The result for a source whose channel accepted the signal. The engine has not started yet: "
    "follow `snapshot` for the outcome.",
)
class SourceSnapshotDispatchedType(SourceSnapshotResultType):
    """A success."""


@view(
    SourceResult,
    description="The result for a source that may or may not have received the signal: the deadline passed, or "
    "the connection broke while sending. With CHANNEL_UNAVAILABLE the channel could not be reached, and "
    "Topicsnap keeps trying. Topicsnap settles both cases: do not send the request again, follow "
    "`snapshot` for the outcome.",
)
class SourceSnapshotUnconfirmedType(SourceSnapshotResultType):
    """Neither a success nor a failure, yet."""

    code: SnapshotErrorCode = strawberry.field(description="Why the outcome is not known yet, for programs.")
    retryable: bool = strawberry.field(
        description="Whether it is safe to send the same request again now. It is not, until the outcome is settled."
    )


@view(
    SourceResult,
    description="The result for a source that certainly did not take the snapshot: nothing reached the engine.",
)
class SourceSnapshotFailedType(SourceSnapshotResultType):
    """A failure of this source, which leaves the others alone."""

    code: SnapshotErrorCode = strawberry.field(description="Why the source did not take the snapshot, for programs.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )
