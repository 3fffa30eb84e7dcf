"""Verifications in the ledger: asked for, claimed by one replica each, and what was found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import JSONB

from persistence.database.pool import Database
from snapshots.ports.topic_reader import Offsets
from snapshots.states import SnapshotState
from snapshots.verification.verdicts import Mark, Verification

_ENDED = [state.value for state in SnapshotState if state.is_terminal]

# Topics that are verified already are looked at anew; those being looked at stay with whoever does.
_REQUEST = text("""
    UPDATE snapshot_topic t SET
        verify_requested_at = :at, verified_at = NULL, verdict = NULL, verdict_reason = NULL, expected_rows = NULL,
        emitted_rows = NULL, end_offsets = NULL, verify_due_at = NULL, verify_attempts = 0
    FROM source_snapshot s
    WHERE s.tenant_id = :tenant_id AND s.id = ANY(CAST(:ids AS text[]))
      AND t.tenant_id = s.tenant_id AND t.source_snapshot_id = s.id
      AND (t.verify_requested_at IS NULL OR t.verified_at IS NOT NULL)
""")

_CLAIM = text("""
    WITH due AS MATERIALIZED (
        SELECT d.id FROM snapshot_topic d
        JOIN source_snapshot s ON s.tenant_id = d.tenant_id AND s.id = d.source_snapshot_id
        WHERE d.tenant_id = :tenant_id AND d.verify_requested_at IS NOT NULL AND d.verified_at IS NULL
          AND s.state = ANY(CAST(:ended AS text[]))
          AND (d.verify_lease_until IS NULL OR d.verify_lease_until < :at)
          AND (d.verify_due_at IS NULL OR d.verify_due_at <= :at)
        ORDER BY d.verify_requested_at, d.id LIMIT :most FOR UPDATE OF d SKIP LOCKED
    )
    UPDATE snapshot_topic t SET verify_lease_until = :lease_until, verify_attempts = t.verify_attempts + 1 FROM due
    WHERE t.tenant_id = :tenant_id AND t.id = due.id
    RETURNING t.id, t.source_snapshot_id, t.start_offsets, t.source_horizon, t.verify_attempts
""")

# The number of the attempt fences off whoever was overtaken.
_RECORD = text("""
    WITH changed AS (
        UPDATE snapshot_topic t SET
            verdict = :verdict, verdict_reason = :reason, expected_rows = :expected, emitted_rows = :emitted,
            end_offsets = :ends, verified_at = :at, verify_lease_until = NULL, verify_due_at = NULL
        WHERE t.tenant_id = :tenant_id AND t.id = :id AND t.verify_attempts = :attempt AND t.verified_at IS NULL
        RETURNING t.*
    )
    INSERT INTO ledger_event (tenant_id, at, bulk_snapshot_id, source_snapshot_id, subject_kind, subject_id,
                              from_state, to_state, cause, detail)
    SELECT :tenant_id, CAST(:at AS timestamptz), s.bulk_snapshot_id, s.id, 'VERIFICATION', c.id, NULL, c.verdict,
           'verification', jsonb_strip_nulls(jsonb_build_object(
               'topicId', c.topic_id, 'reason', c.verdict_reason, 'expectedRows', c.expected_rows,
               'emittedRows', c.emitted_rows, 'startOffsets', c.start_offsets, 'endOffsets', c.end_offsets,
               'attempt', c.verify_attempts))
    FROM changed c JOIN source_snapshot s ON s.tenant_id = :tenant_id AND s.id = c.source_snapshot_id
""").bindparams(bindparam("ends", type_=JSONB(none_as_null=True)))
_HOLD = text("""
    UPDATE snapshot_topic t SET verify_lease_until = :lease_until
    WHERE t.tenant_id = :tenant_id AND t.id = :id AND t.verify_attempts = :attempt AND t.verified_at IS NULL
""")
_AGAIN = text("""
    UPDATE snapshot_topic t SET verify_lease_until = NULL, verify_due_at = :due_at
    WHERE t.tenant_id = :tenant_id AND t.id = :id AND t.verify_attempts = :attempt AND t.verified_at IS NULL
""")


@dataclass(frozen=True, slots=True)
class DueVerification:
    """A topic's snapshot that has ended and is to be verified."""

    topic_snapshot_id: str
    source_snapshot_id: str
    mark: Mark
    attempt: int
    """From 1."""


class LedgerVerifying:
    """Keeps who is to verify what, and what was found."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database

    async def request(self, tenant_id: str, source_snapshot_ids: Sequence[str], *, at: datetime) -> None:
        """Have every topic of the source snapshots verified once they have ended, also those that were before."""
        async with self._database.write() as connection:
            parameters = {"tenant_id": tenant_id, "ids": list(source_snapshot_ids), "at": at}
            await connection.execute(_REQUEST, parameters)

    async def claim(
        self, tenant_id: str, *, at: datetime, lease_until: datetime, most: int
    ) -> tuple[DueVerification, ...]:
        """Claim at most `most` topics that are due at `at`; they are the caller's until `lease_until`."""
        parameters = {
            "tenant_id": tenant_id,
            "at": at,
            "lease_until": lease_until,
            "most": most,
            "ended": _ENDED,
        }
        async with self._database.write() as connection:
            claimed = (await connection.execute(_CLAIM, parameters)).all()
        return tuple(
            DueVerification(
                row.id,
                row.source_snapshot_id,
                Mark(offsets_from_json(row.start_offsets), row.source_horizon),
                row.verify_attempts,
            )
            for row in claimed
        )

    async def record(self, tenant_id: str, due: DueVerification, found: Verification, *, at: datetime) -> None:
        """Record the verdict, unless somebody else has taken the topic over meanwhile."""
        async with self._database.write() as connection:
            await connection.execute(
                _RECORD,
                {
                    "tenant_id": tenant_id,
                    "id": due.topic_snapshot_id,
                    "attempt": due.attempt,
                    "at": at,
                    "verdict": found.verdict.value,
                    "reason": found.reason,
                    "expected": found.expected_rows,
                    "emitted": found.emitted_rows,
                    "ends": offsets_to_json(found.end_offsets),
                },
            )

    async def hold(self, tenant_id: str, due: DueVerification, *, lease_until: datetime) -> bool:
        """Keep the topic until `lease_until`; False where somebody else has taken it over meanwhile."""
        async with self._database.write() as connection:
            claim = {"tenant_id": tenant_id, "id": due.topic_snapshot_id, "attempt": due.attempt}
            held = await connection.execute(_HOLD, {**claim, "lease_until": lease_until})
        return held.rowcount == 1

    async def postpone(self, tenant_id: str, due: DueVerification, *, due_at: datetime) -> None:
        """Give the topic back, to be looked at again from `due_at` on."""
        async with self._database.write() as connection:
            await connection.execute(
                _AGAIN,
                {"tenant_id": tenant_id, "id": due.topic_snapshot_id, "attempt": due.attempt, "due_at": due_at},
            )


def offsets_to_json(offsets: Offsets | None) -> dict[str, int] | None:
    """Return offsets as they are kept: JSON has no numbers for names."""
    return None if offsets is None else {str(partition): offset for partition, offset in sorted(offsets.items())}


def offsets_from_json(value: dict[str, Any] | None) -> Offsets | None:
    """Return the offsets that `offsets_to_json` made `value` from."""
    return None if value is None else {int(partition): int(offset) for partition, offset in value.items()}
