"""What an opened bulk snapshot is, and the rows that record it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from persistence.ledger.filter_json import filter_to_json
from persistence.ledger.verification.verifying import offsets_to_json
from snapshots import identifiers
from snapshots.identifiers import IdMaker
from snapshots.plan import Plan, Refusal, SignalDraft, SourceJob
from snapshots.requesting.request import BulkSnapshotRequest
from snapshots.requesting.retry import RetryRequest
from snapshots.states import SignalState, SnapshotState, TopicSnapshotState
from snapshots.verification.verdicts import Mark

_NO_MARK = Mark()


@dataclass(frozen=True, slots=True)
class NewBulkSnapshot:
    """What is to be recorded."""

    tenant_id: str
    operation: str
    requested_by: str
    requested_at: datetime
    request: BulkSnapshotRequest
    plan: Plan
    retry: RetryRequest | None = None
    """Set where this dispatches again what failed of another."""
    marks: Mapping[str, Mark] = field(default_factory=dict)
    """Where topics and their sources stand, by topic id, for the verification; asked for before this was made."""

    @property
    def request_hash(self) -> bytes:
        """The hash of what the client asked, by which a repetition of the call is known."""
        return (self.retry or self.request).hash

    @property
    def retry_of(self) -> str | None:
        """The bulk snapshot of which this is a retry."""
        return self.retry.bulk_snapshot_id if self.retry else None

    @property
    def cause(self) -> str:
        """Why it is in the ledger."""
        asked = f"requested by {self.requested_by}"
        return f"{asked} to retry {self.retry.bulk_snapshot_id}" if self.retry else asked


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """One source of an opened bulk snapshot; with a `refusal` it is FAILED already and holds nothing."""

    source_snapshot_id: str
    job: SourceJob
    signals: tuple[tuple[str, SignalDraft], ...]
    """The signals with their ids, in the order in which they are to be sent; none where it is refused."""
    refusal: Refusal | None


@dataclass(frozen=True, slots=True)
class OpenedBulkSnapshot:
    """A bulk snapshot as recorded, in the order of its plan."""

    id: str
    sources: tuple[OpenedSource, ...]


def source_rows(bulk_id: str, new: NewBulkSnapshot, sources: Sequence[OpenedSource]) -> list[dict[str, Any]]:
    """The rows of source_snapshot, in the order of the plan."""
    return [
        {
            "tenant_id": new.tenant_id,
            "id": source.source_snapshot_id,
            "bulk_snapshot_id": bulk_id,
            "connector_id": source.job.source.id,
            "position": position,
            "snapshot_type": new.request.snapshot_type.value,
            "state": _first_state(source).value,
            "code": source.refusal and source.refusal.code.value,
            "message": source.refusal.message if source.refusal else source.job.warning,
            "requested_at": new.requested_at,
            "finished_at": new.requested_at if source.refusal else None,
            "followed": source.job.source.is_followed,
        }
        for position, source in enumerate(sources)
    ]


def signal_rows(new: NewBulkSnapshot, sources: Sequence[OpenedSource], lease_until: datetime) -> list[dict[str, Any]]:
    """The rows of signal; only the first of each source is due."""
    return [
        {
            "tenant_id": new.tenant_id,
            "id": signal_id,
            "source_snapshot_id": source.source_snapshot_id,
            "position": position,
            "channel": source.job.source.signal_channel,
            "data": draft.data,
            "state": SignalState.PENDING.value,
            # Only the first is due now; each other one when that before it has ended.
            "lease_until": lease_until if position == 0 else None,
        }
        for source in sources
        for position, (signal_id, draft) in enumerate(source.signals)
    ]


def skip_rows(bulk_id: str, new: NewBulkSnapshot) -> list[dict[str, Any]]:
    """The rows of skipped_topic, in the order of the input."""
    return [
        {
            "tenant_id": new.tenant_id,
            "bulk_snapshot_id": bulk_id,
            "position": position,
            "topic_id": skip.topic_id,
            "reason": skip.reason.value,
            "message": skip.message,
        }
        for position, skip in enumerate(new.plan.skips)
    ]


def event_rows(bulk_id: str, new: NewBulkSnapshot, sources: Sequence[OpenedSource]) -> list[dict[str, Any]]:
    """The first event of each source snapshot."""
    return [
        {
            "tenant_id": new.tenant_id,
            "at": new.requested_at,
            "bulk_snapshot_id": bulk_id,
            "source_snapshot_id": source.source_snapshot_id,
            "subject_id": source.source_snapshot_id,
            "from_state": None,
            "to_state": _first_state(source).value,
            "cause": new.cause,
            "detail": {"code": source.refusal.code.value, "message": source.refusal.message} if source.refusal else {},
        }
        for source in sources
    ]


def _first_state(source: OpenedSource) -> SnapshotState:
    return SnapshotState.FAILED if source.refusal else SnapshotState.PENDING


def topic_rows(new: NewBulkSnapshot, sources: Sequence[OpenedSource], ids: IdMaker) -> list[dict[str, Any]]:
    """The rows of snapshot_topic, each with the signal that carries it."""
    rows = []
    for source in sources:
        signal_of = {asked.topic.id: signal_id for signal_id, draft in source.signals for asked in draft.topics}
        state = TopicSnapshotState.FAILED if source.refusal else TopicSnapshotState.PENDING
        rows += [
            {
                "tenant_id": new.tenant_id,
                "id": ids(identifiers.TOPIC_SNAPSHOT),
                "source_snapshot_id": source.source_snapshot_id,
                "signal_id": signal_of.get(asked.topic.id),
                "topic_id": asked.topic.id,
                "position": position,
                "data_collection": asked.data_collection,
                "filter": filter_to_json(asked.filter),
                "surrogate_key": asked.surrogate_key,
                "state": state.value,
                "finished_at": new.requested_at if source.refusal else None,
                "verify_requested_at": new.requested_at if new.request.verify and not source.refusal else None,
                "start_offsets": offsets_to_json(new.marks.get(asked.topic.id, _NO_MARK).offsets),
                "source_horizon": new.marks.get(asked.topic.id, _NO_MARK).horizon,
            }
            for position, asked in enumerate(source.job.topics)
        ]
    return rows
