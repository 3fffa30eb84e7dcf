"""The snapshot ledger: the durable record of bulk and source snapshots, and every guarded change to it."""

from dataclasses import dataclass
from typing import Self

from persistence.database.pool import Database
from persistence.ledger.auditing import LedgerAuditing
from persistence.ledger.following.abandoning import LedgerAbandoning
from persistence.ledger.following.applying import LedgerFollowing
from persistence.ledger.following.dead_letters import LedgerDeadLetters
from persistence.ledger.following.failed_scans import LedgerFailedScans
from persistence.ledger.following.unreported import LedgerUnreported
from persistence.ledger.reading import LedgerReading
from persistence.ledger.requesting.opening import LedgerOpening
from persistence.ledger.requesting.sending import LedgerSending
from persistence.ledger.requesting.settling import LedgerSettling
from persistence.ledger.verification.verifying import LedgerVerifying
from snapshots.identifiers import IdMaker


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of the ledger in one value: one part for each thing that is done with it, each usable alone."""

    opening: LedgerOpening
    """Records bulk snapshots before anything is sent."""
    sending: LedgerSending
    """Records sends and what the first call answered."""
    settling: LedgerSettling
    """Hands out signals that their sender has left."""
    reading: LedgerReading
    """Reads records by id and by page."""
    following: LedgerFollowing
    """Applies notifications."""
    dead_letters: LedgerDeadLetters
    """Sets notifications aside that cannot be applied."""
    failed_scans: LedgerFailedScans
    """Tells which connectors need a restart."""
    unreported: LedgerUnreported
    """Ends snapshots of which nothing more is reported."""
    abandoning: LedgerAbandoning
    """Ends snapshots by an operator's word."""
    verifying: LedgerVerifying
    """Hands out topics to verify and records verdicts."""
    auditing: LedgerAuditing
    """Reads events and whole histories."""

    @classmethod
    def over(cls, database: Database, ids: IdMaker, *, idempotency_days: int) -> Self:
        """Return the ledger in `database`, which makes its ids by `ids`.

        An idempotency key is remembered for `idempotency_days`.
        """
        return cls(
            opening=LedgerOpening(database, ids, idempotency_days=idempotency_days),
            sending=LedgerSending(database),
            settling=LedgerSettling(database),
            reading=LedgerReading(database),
            following=LedgerFollowing(database, ids),
            dead_letters=LedgerDeadLetters(database),
            failed_scans=LedgerFailedScans(database),
            unreported=LedgerUnreported(database),
            abandoning=LedgerAbandoning(database),
            verifying=LedgerVerifying(database),
            auditing=LedgerAuditing(database),
        )


__all__ = ["Ledger"]
