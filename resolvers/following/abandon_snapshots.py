"""Releasing sources at an operator's request, if nothing more is expected from their snapshots."""

from dataclasses import dataclass

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.following.abandoning import AbandonErrorCode, AbandonRequest, check, refusal
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SnapshotState


@dataclass(frozen=True, slots=True)
class Abandonment:
    """The result for one of the requested ids."""

    snapshot_id: str
    message: str
    code: AbandonErrorCode | None = None
    """None if it is abandoned, now or since an earlier call."""
    snapshot: SourceSnapshotRecord | None = None
    """None if nothing has the id."""

    @property
    def success(self) -> bool:
        """Whether it is abandoned, now or since an earlier call."""
        return self.code is None


async def abandon_snapshots(
    services: Services, principal: Principal, request: AbandonRequest
) -> tuple[Abandonment, ...]:
    """Abandon the snapshots of `request`; return one answer for each distinct id, in order of first appearance.

    Each snapshot is abandoned or refused separately. The engine is not told, and may continue reading. A repeated call
    gets the same answer. Raises InvalidRequestError before anything is read.
    """
    check(request)
    because = f": {request.reason}" if request.reason else ""
    found = await services.background.finish(
        services.ledger.abandoning.abandon(
            principal.tenant_id,
            request.distinct_ids,
            cause=f"abandoned by {principal.subject}",
            message=f"Abandoned by {principal.subject}{because}",
            at=services.clock(),
        )
    )
    records = await services.ledger.reading.source_snapshots(principal.tenant_id, list(found)) if found else {}
    return tuple(
        _answer(snapshot_id, found.get(snapshot_id), records.get(snapshot_id)) for snapshot_id in request.distinct_ids
    )


def _answer(snapshot_id: str, state: SnapshotState | None, record: SourceSnapshotRecord | None) -> Abandonment:
    if state is None:
        return Abandonment(snapshot_id, "No source snapshot has this id.", AbandonErrorCode.NOT_FOUND)
    refused = refusal(state)
    if refused is not None:
        code, message = refused
        return Abandonment(snapshot_id, message, code, record)
    if state is SnapshotState.ABANDONED:
        return Abandonment(snapshot_id, "This snapshot was already abandoned.", None, record)
    message = "Abandoned. Its source is free. The engine may still be reading; Topicsnap no longer reports on that."
    return Abandonment(snapshot_id, message, None, record)
