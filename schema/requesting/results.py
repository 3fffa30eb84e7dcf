"""The typed result of each source: what the caller was told."""

import strawberry

from schema.catalog.source_connector import SourceConnector
from schema.catalog.topic import Topic
from schema.enums import SnapshotErrorCode
from schema.fields import computed
from schema.following.source_snapshot import SourceSnapshot
from snapshots.records import AnswerKind, SourceSnapshotRecord
from snapshots.requesting.answers import answer_of


@strawberry.interface(
    description="What became of the request to one source, as answered. More kinds may be added: ask for the fields of "
    "the interface, and of the kinds that you know."
)
class SourceSnapshotResult:
    """An interface rather than a union, so that clients keep working when a kind is added."""

    record: strawberry.Private[SourceSnapshotRecord]
    id: strawberry.ID = strawberry.field(description="The source connector's id.")
    success: bool = strawberry.field(description="Whether the source took the snapshot.")
    message: str | None = strawberry.field(description="What became of it, for people.")

    @computed("The connector that was asked.")
    def source(self) -> SourceConnector:
        """Build it when asked."""
        return SourceConnector.from_domain(self.record.source)

    @computed("The topics that it was asked for, in input order.")
    def topics(self) -> list[Topic]:
        """Build them when asked."""
        return [Topic.from_domain(topic.topic) for topic in self.record.topics]

    @computed("The durable record, as it stands now.")
    def snapshot(self) -> SourceSnapshot:
        """Build it when asked."""
        return SourceSnapshot.from_domain(self.record)


@strawberry.type(description="The channel accepted the signal. The engine has yet to start: follow `snapshot`.")
class SourceSnapshotDispatched(SourceSnapshotResult):
    """A success."""


@strawberry.type(
    description="The deadline passed, or the connection broke, while sending: the engine may or may not have the "
    "signal. With CHANNEL_UNAVAILABLE its channel could not be reached until then, and goes on being tried. Either way "
    "it is settled later; do not send it again, follow `snapshot`."
)
class SourceSnapshotUnconfirmed(SourceSnapshotResult):
    """Neither a success nor a failure, yet."""

    code: SnapshotErrorCode = strawberry.field(description="What happened, for programs.")
    retryable: bool = strawberry.field(description="Whether sending it again is safe now: not before it is settled.")


@strawberry.type(description="The source did not take the snapshot, for certain: nothing reached the engine.")
class SourceSnapshotFailed(SourceSnapshotResult):
    """A failure of this source, which leaves the others alone."""

    code: SnapshotErrorCode = strawberry.field(description="What went wrong, for programs.")
    retryable: bool = strawberry.field(
        description="Whether the same request may succeed later without a change of configuration."
    )


def result_of(record: SourceSnapshotRecord) -> SourceSnapshotResult:
    """Return the result of the source of `record`, by what was answered."""
    answer = answer_of(record)
    id_ = strawberry.ID(record.source.id)
    if answer.kind is AnswerKind.DISPATCHED:
        return SourceSnapshotDispatched(record=record, id=id_, success=True, message=answer.message)
    kind = SourceSnapshotFailed if answer.kind is AnswerKind.FAILED else SourceSnapshotUnconfirmed
    return kind(
        record=record,
        id=id_,
        success=False,
        message=answer.message,
        code=answer.code or SnapshotErrorCode.CHANNEL_UNAVAILABLE,
        retryable=answer.retryable,
    )
