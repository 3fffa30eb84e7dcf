"""Releasing sources from snapshots that will never end: the request, and the result for each snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from snapshots.errors import InvalidRequestError, RequestError
from snapshots.requesting.request import MAX_FINDINGS, id_list_findings, text_findings
from snapshots.states import SnapshotState

MAX_SNAPSHOTS = 500


class AbandonErrorCode(StrEnum):
    """Why a snapshot was not abandoned."""

    NOT_FOUND = "NOT_FOUND"
    ALREADY_ENDED = "ALREADY_ENDED"
    NOT_ABANDONABLE = "NOT_ABANDONABLE"


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    """The source snapshots to abandon, as sent, including duplicates."""

    snapshot_ids: tuple[str, ...]
    reason: str | None = None
    distinct_ids: tuple[str, ...] = field(init=False)
    """`snapshot_ids` without duplicates, in order of first appearance."""

    def __post_init__(self) -> None:
        """Remove the duplicates once."""
        object.__setattr__(self, "distinct_ids", tuple(dict.fromkeys(self.snapshot_ids)))


def check(request: AbandonRequest) -> None:
    """Raise InvalidRequestError for a request that cannot be carried out, with every finding (at most 50)."""
    findings = _findings(request)
    if findings:
        raise InvalidRequestError(tuple(findings[:MAX_FINDINGS]))


def _findings(request: AbandonRequest) -> Sequence[RequestError]:
    findings = id_list_findings(request.snapshot_ids, ("snapshot_ids",), "snapshot", most=MAX_SNAPSHOTS)
    return [*findings, *text_findings(None, request.reason)]


def refusal(state: SnapshotState) -> tuple[AbandonErrorCode, str] | None:
    """Why a snapshot in `state` cannot be abandoned; None if it can, or if it is already abandoned."""
    if state is SnapshotState.ABANDONED or state.can_become(SnapshotState.ABANDONED):
        return None
    if state.is_terminal:
        return AbandonErrorCode.ALREADY_ENDED, f"This snapshot has already ended ({state}). Its source is free."
    message = (
        f"This snapshot is {state}: its signal has not been sent yet, or is being sent right now. Try again in a "
        "moment."
    )
    if state is SnapshotState.QUEUED:
        message = "This snapshot is QUEUED and holds no source."
    return AbandonErrorCode.NOT_ABANDONABLE, message
