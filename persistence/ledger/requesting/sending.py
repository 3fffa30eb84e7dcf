"""What the ledger writes around a send: SENDING before the first byte leaves, the outcome after."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.database.pool import Database
from persistence.ledger.events import NOTE_SIGNALS, noting
from persistence.ledger.moves import Move, move
from persistence.ledger.requesting.refusals import fail_remaining
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import Receipt
from snapshots.records import SourceAnswer
from snapshots.requesting.dispatch import Outcome, Unconfirmed, Unreached
from snapshots.states import SignalState, SnapshotState


@dataclass(frozen=True, slots=True)
class SignalKey:
    """A signal of a source snapshot."""

    source_snapshot_id: str
    signal_id: str


@dataclass(frozen=True, slots=True)
class SendRecord:
    """What came of one attempt to send a signal; `attempt` fences off whoever was overtaken by the settle sweep."""

    key: SignalKey
    attempt: int
    outcome: Outcome


# Source snapshots are locked before their signals everywhere, so that the follower and senders cannot deadlock.
_LOCK = text("""
    SELECT 1 FROM source_snapshot WHERE tenant_id = :tenant_id AND id = ANY(CAST(:ids AS text[])) ORDER BY id FOR UPDATE
""")

_SENT_FROM = [state.value for state in SignalState if state.can_become(SignalState.SENDING)]
# Guarded as the state machine of signals is: a signal is sent from PENDING, and again once it was proved absent;
# and only while its source snapshot holds the source. Whoever looked before another attempt was begun knows nothing.
_START = noting(
    """
    UPDATE signal g SET state = 'SENDING', attempts = g.attempts + 1, sending_at = :at, lease_until = :lease_until
    FROM unnest(CAST(:ids AS text[]), CAST(:begun AS integer[])) AS w(id, begun)
    JOIN signal b ON b.tenant_id = :tenant_id AND b.id = w.id
    WHERE g.tenant_id = :tenant_id AND g.id = w.id AND g.attempts = w.begun
      AND g.state = ANY(CAST(:from_states AS text[]))
      AND EXISTS (SELECT 1 FROM source_snapshot s JOIN active_snapshot a
                      ON a.tenant_id = s.tenant_id AND a.source_snapshot_id = s.id
                  WHERE s.tenant_id = :tenant_id AND s.id = g.source_snapshot_id)
    RETURNING g.id, g.source_snapshot_id, g.attempts, b.state AS from_state, g.state AS to_state,
              jsonb_build_object('attempt', g.attempts) AS detail
""",
    NOTE_SIGNALS,
    "SELECT id, source_snapshot_id, attempts FROM changed",
)

# Evidence from the engine may have been faster: then the signal is SENT or ENDED already, and this changes nothing.
_RECORD = noting(
    """
    UPDATE signal g SET
        state = w.state,
        destination = coalesce(w.destination, g.destination),
        sent_at = CASE WHEN w.state = 'SENT' THEN CAST(:at AS timestamptz) ELSE g.sent_at END,
        ended_at = CASE WHEN w.state = 'REFUSED' THEN CAST(:at AS timestamptz) ELSE g.ended_at END,
        -- A moment's rest: what was under way when the deadline passed may still arrive, and is then found.
        lease_until = CASE WHEN w.state = 'UNCONFIRMED' THEN CAST(:at AS timestamptz) + interval '2 seconds'
                           ELSE w.retry_at END
    FROM unnest(CAST(:ids AS text[]), CAST(:attempts AS integer[]), CAST(:states AS text[]),
                CAST(:destinations AS text[]), CAST(:codes AS text[]), CAST(:messages AS text[]),
                CAST(:retries AS timestamptz[]))
         AS w(id, attempt, state, destination, code, message, retry_at)
    JOIN signal b ON b.tenant_id = :tenant_id AND b.id = w.id
    WHERE g.tenant_id = :tenant_id AND g.id = w.id AND g.attempts = w.attempt
      AND g.state IN ('SENDING', 'UNCONFIRMED')
    RETURNING g.id, g.source_snapshot_id, b.state AS from_state, g.state AS to_state,
              jsonb_build_object('attempt', g.attempts, 'destination', w.destination, 'code', w.code,
                                 'message', w.message, 'retryAt', w.retry_at) AS detail
""",
    NOTE_SIGNALS,
    "SELECT id FROM changed",
)

_ANSWER = text("""
    UPDATE source_snapshot s SET
        answer_kind = w.kind, answer_code = w.code, answer_message = w.message, answer_retryable = w.retryable
    FROM unnest(CAST(:ids AS text[]), CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:messages AS text[]),
                CAST(:retryables AS boolean[])) AS w(id, kind, code, message, retryable)
    WHERE s.tenant_id = :tenant_id AND s.id = w.id
""")


class LedgerSending:
    """Records sends and what was answered."""

    def __init__(self, database: Database) -> None:
        """Write to `database`."""
        self._database = database

    async def start(
        self,
        tenant_id: str,
        keys: Sequence[SignalKey],
        *,
        at: datetime,
        lease_until: datetime,
        cause: str,
        begun: Mapping[str, int] = MappingProxyType({}),
    ) -> dict[str, int]:
        """Write SENDING for all of `keys`; return the attempt by signal id, for those that may be sent now.

        `begun` says by signal id how often sending had been begun when the caller decided to send, if ever. A signal
        that is absent from the answer must not be sent: somebody else has it, or it is sent already.
        """
        async with self._database.write() as connection:
            await _lock(connection, tenant_id, keys)
            rows = await connection.execute(
                _START,
                {
                    "tenant_id": tenant_id,
                    "ids": [key.signal_id for key in keys],
                    "from_states": _SENT_FROM,
                    "begun": [begun.get(key.signal_id, 0) for key in keys],
                    "at": at,
                    "lease_until": lease_until,
                    "cause": cause,
                },
            )
            started = rows.all()
            moves = [Move(row.source_snapshot_id, SnapshotState.SENDING) for row in started]
            await move(connection, tenant_id, moves, cause=cause, at=at)
            return {row.id: row.attempts for row in started}

    async def record(self, tenant_id: str, records: Sequence[SendRecord], *, at: datetime, cause: str) -> None:
        """Record the outcomes in one transaction; a signal that evidence has moved on meanwhile is left as it is."""
        async with self._database.write() as connection:
            await self._record(connection, tenant_id, records, at, cause)

    async def record_answers(
        self, tenant_id: str, bulk_snapshot_id: str, answers: Sequence[tuple[str, SourceAnswer]], *, at: datetime
    ) -> None:
        """Record what the first call answers for each source snapshot id, and that it has answered."""
        async with self._database.write() as connection:
            if answers:
                await connection.execute(
                    _ANSWER,
                    {
                        "tenant_id": tenant_id,
                        "ids": [source_snapshot_id for source_snapshot_id, _ in answers],
                        "kinds": [answer.kind.value for _, answer in answers],
                        "codes": [answer.code and answer.code.value for _, answer in answers],
                        "messages": [answer.message for _, answer in answers],
                        "retryables": [answer.retryable for _, answer in answers],
                    },
                )
            await connection.execute(
                text("UPDATE bulk_snapshot SET answered_at = :at WHERE tenant_id = :tenant_id AND id = :id"),
                {"tenant_id": tenant_id, "id": bulk_snapshot_id, "at": at},
            )

    async def _record(
        self, connection: AsyncConnection, tenant_id: str, records: Sequence[SendRecord], at: datetime, cause: str
    ) -> None:
        await _lock(connection, tenant_id, [record.key for record in records])
        outcomes = [record.outcome for record in records]
        rows = await connection.execute(
            _RECORD,
            {
                "tenant_id": tenant_id,
                "at": at,
                "cause": cause,
                "ids": [record.key.signal_id for record in records],
                "attempts": [record.attempt for record in records],
                "states": [_signal_state(record.outcome).value for record in records],
                "destinations": [
                    record.outcome.destination if isinstance(record.outcome, Receipt) else None for record in records
                ],
                "codes": [None if isinstance(outcome, Receipt) else outcome.code.value for outcome in outcomes],
                "messages": [None if isinstance(outcome, Receipt) else outcome.message for outcome in outcomes],
                "retries": [outcome.retry_at if isinstance(outcome, Unreached) else None for outcome in outcomes],
            },
        )
        written = set(rows.scalars())
        ours = [record for record in records if record.key.signal_id in written]
        refused = [(record, record.outcome) for record in ours if isinstance(record.outcome, Refusal)]
        moves = [
            # Refused for certain though the sweep had given it up: proof of absence, without which it could not fail.
            *(Move(record.key.source_snapshot_id, SnapshotState.SENDING) for record, _ in refused),
            *(
                Move(record.key.source_snapshot_id, SnapshotState.DISPATCHED)
                for record in ours
                if isinstance(record.outcome, Receipt)
            ),
            *(
                Move(
                    record.key.source_snapshot_id,
                    SnapshotState.UNCONFIRMED,
                    record.outcome.code,
                    record.outcome.message,
                )
                for record in ours
                if isinstance(record.outcome, Unconfirmed | Unreached)
            ),
        ]
        await move(connection, tenant_id, moves, cause=cause, at=at)
        await fail_remaining(
            connection,
            tenant_id,
            {record.key.source_snapshot_id: (failure.code, failure.message) for record, failure in refused},
            cause=cause,
            at=at,
        )


async def _lock(connection: AsyncConnection, tenant_id: str, keys: Sequence[SignalKey]) -> None:
    await connection.execute(_LOCK, {"tenant_id": tenant_id, "ids": [key.source_snapshot_id for key in keys]})


def _signal_state(outcome: Outcome) -> SignalState:
    if isinstance(outcome, Receipt):
        return SignalState.SENT
    if isinstance(outcome, Unreached):
        return SignalState.PENDING  # it certainly did not arrive, so there is nothing to look for
    return SignalState.REFUSED if isinstance(outcome, Refusal) else SignalState.UNCONFIRMED
