"""Releasing sources from snapshots that will never end: what an operator asks, and what becomes of each."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from snapshots.errors import InvalidRequestError, RequestError
from snapshots.filters import is_storable
from snapshots.kinds import UserErrorCode
from snapshots.request import MAX_FINDINGS, MAX_REASON_LENGTH, is_valid_id
from snapshots.states import SnapshotState

MAX_SNAPSHOTS = 500


class AbandonErrorCode(StrEnum):
    """Why a snapshot was not abandoned."""

    NOT_FOUND = "NOT_FOUND"
    ALREADY_ENDED = "ALREADY_ENDED"
    NOT_ABANDONABLE = "NOT_ABANDONABLE"


@dataclass(frozen=True, slots=True)
class AbandonRequest:
    """The source snapshots to be abandoned, as sent, duplicates and all."""

    snapshot_ids: tuple[str, ...]
    reason: str | None = None
    distinct_ids: tuple[str, ...] = field(init=False)
    """`snapshot_ids` without duplicates, in order of first appearance."""

    def __post_init__(self) -> None:
        """Collapse the duplicates once."""
        object.__setattr__(self, "distinct_ids", tuple(dict.fromkeys(self.snapshot_ids)))


def check(request: AbandonRequest) -> None:
    """Raise InvalidRequestError for a request that cannot be carried out, with every finding (at most 50)."""
    findings = _findings(request)
    if findings:
        raise InvalidRequestError(tuple(findings[:MAX_FINDINGS]))


def _findings(request: AbandonRequest) -> Sequence[RequestError]:
    path = ("input", "snapshotIds")
    if not request.snapshot_ids:
        return [RequestError(UserErrorCode.EMPTY_INPUT, "Name at least one snapshot.", path)]
    if len(request.snapshot_ids) > MAX_SNAPSHOTS:
        message = f"At most {MAX_SNAPSHOTS} snapshots at once; got {len(request.snapshot_ids)}."
        return [RequestError(UserErrorCode.INVALID_VALUE, message, path)]
    message = "An id is a text of 1 to 128 characters, not blank, without NUL or unpaired surrogates."
    findings = [
        RequestError(UserErrorCode.INVALID_ID, message, (*path, str(position)))
        for position, snapshot_id in enumerate(request.snapshot_ids)
        if not is_valid_id(snapshot_id)
    ]
    reason = request.reason
    if reason is not None and not (len(reason) <= MAX_REASON_LENGTH and is_storable(reason)):
        message = f"A reason is a text of at most {MAX_REASON_LENGTH} characters, without NUL or unpaired surrogates."
        findings.append(RequestError(UserErrorCode.INVALID_VALUE, message, ("input", "reason")))
    return findings


def refusal(state: SnapshotState) -> tuple[AbandonErrorCode, str] | None:
    """Why a snapshot in `state` cannot be abandoned; None where it can, or is already."""
    if state is SnapshotState.ABANDONED or state.can_become(SnapshotState.ABANDONED):
        return None
    if state.is_terminal:
        return AbandonErrorCode.ALREADY_ENDED, f"It has ended already: {state}. Its source is free."
    message = f"It is {state}: its signal is not out yet, or just on its way. Wait until that is settled."
    if state is SnapshotState.QUEUED:
        message = "It is QUEUED, and holds no source."
    return AbandonErrorCode.NOT_ABANDONABLE, message
