"""The bodies of the REST twin: the seed's shapes, with what is ours added where the seed leaves room.

Field names, limits and meaning are those of `POST /topics/bulk/snapshot` of the service that the seed documents.
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from snapshots.filters import MAX_CONDITIONS, MAX_TEXT, MAX_VALUES, FilterOperator
from snapshots.identifiers import MAX_ID_LENGTH
from snapshots.requesting.request import MAX_KEY_LENGTH, MAX_REASON_LENGTH, MAX_TOPICS

Id = Annotated[str, Field(min_length=1, max_length=MAX_ID_LENGTH)]


class RowConditionReq(BaseModel):
    """One comparison of a column with values."""

    column: str = Field(min_length=1, max_length=MAX_TEXT, description="The name of the column.")
    operator: FilterOperator = Field(description="How it is compared.")
    values: list[Annotated[str, Field(max_length=MAX_TEXT)]] = Field(
        default=[], max_length=MAX_VALUES, description="What it is compared with, as texts."
    )


class RowFilterReq(BaseModel):
    """Which rows of a table are wanted; raw SQL is never taken."""

    all: list[RowConditionReq] = Field(
        min_length=1, max_length=MAX_CONDITIONS, description="Conditions that must all hold."
    )


class TopicSnapshotOptionsReq(BaseModel):
    """What is asked of one topic beyond being snapshotted."""

    topic_id: Id = Field(description="One of `topic_ids`; each may have options once.")
    filter: RowFilterReq | None = Field(default=None, description="Only these rows.")
    surrogate_key: str | None = Field(
        default=None, min_length=1, max_length=MAX_TEXT, description="The column to cut an incremental snapshot by."
    )


class BulkTopicSnapshotReq(BaseModel):
    """Topics to snapshot, grouped by their source connectors by the gateway. Unknown properties are ignored."""

    model_config = ConfigDict(extra="allow")

    topic_ids: list[Id] = Field(
        min_length=1, max_length=MAX_TOPICS, description="Ids of the topics; duplicates count, and are then taken once."
    )
    snapshot_type: Literal["incremental", "blocking"] = Field(
        default="incremental",
        description="`incremental` reads in chunks while streaming goes on; `blocking` pauses streaming meanwhile, and "
        "is required for tables without a key.",
    )
    options: list[TopicSnapshotOptionsReq] = Field(
        default=[], max_length=MAX_TOPICS, description="Filters and surrogate keys of single topics."
    )
    idempotency_key: str | None = Field(
        default=None,
        min_length=1,
        max_length=MAX_KEY_LENGTH,
        description="A second call with this key sends nothing and answers what the first one did. The header "
        "`Idempotency-Key` says the same.",
    )
    reason: str | None = Field(default=None, max_length=MAX_REASON_LENGTH, description="Why, kept in the ledger.")
    verify: bool = Field(
        default=False,
        strict=True,
        description="Whether to look, once a topic's snapshot has ended, if every row of the source is on the topic; "
        "GraphQL tells the verdict.",
    )


class BulkOperationResult(BaseModel):
    """What became of the request to one source connector."""

    id: str = Field(description="The source connector's id.")
    success: bool = Field(description="Whether the source took the snapshot.")
    message: str | None = Field(default=None, description="What became of it, for people.")
    data: dict[str, Any] | None = Field(
        default=None,
        description="`topics` (id and name of each), `snapshot_id`, `outcome` (dispatched, failed, or unconfirmed: it "
        "may or may not have arrived, and is settled later), `code` (null for a success) and `retryable`.",
    )


class BulkOperationSummary(BaseModel):
    """Counts of the results."""

    total: int = Field(description="Source connectors that were asked.")
    succeeded: int = Field(description="Those that took the snapshot.")
    failed: int = Field(description="Those that did not, or of which that is not known yet.")


class SkippedTopicRes(BaseModel):
    """A topic that was sent to no source."""

    topic_id: str = Field(description="The id as it was sent.")
    reason: str = Field(description="Why, for programs; more words may be added.")
    message: str = Field(description="Why, for people.")


class BulkOperationRes(BaseModel):
    """What was done: every distinct topic id is in one result or in one skipped topic."""

    results: list[BulkOperationResult] = Field(
        description="One for each source connector, by first appearance in `topic_ids`."
    )
    summary: BulkOperationSummary = Field(description="Counts of the results.")
    skipped_topics: list[SkippedTopicRes] = Field(description="Topics that were sent to no source, in input order.")
    bulk_snapshot_id: str = Field(description="The id of the durable record, as GraphQL's `bulkSnapshot` takes it.")


class ValidationError(BaseModel):
    """One thing that is wrong with a request."""

    loc: list[str | int] = Field(description="Where, for example `body`, `topic_ids`, 3.")
    msg: str = Field(description="What is wrong, for people.")
    type: str = Field(description="What is wrong, for programs.")


class HTTPValidationError(BaseModel):
    """Why a request was refused; nothing was done."""

    detail: list[ValidationError] = Field(description="All that was found, at most 50 findings.")


class ErrorRes(BaseModel):
    """Why a request was not carried out, where that is not for what its body says."""

    detail: str = Field(description="What is wrong, for people.")
    request_id: str | None = Field(default=None, description="What the gateway's log has it under; of a 500 only.")
