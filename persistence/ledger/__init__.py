"""The snapshot ledger: the durable record of bulk and source snapshots, and every guarded change to it."""

from persistence.database.pool import Database
from persistence.ledger.auditing import LedgerAuditing
from persistence.ledger.following.abandoning import LedgerAbandoning
from persistence.ledger.following.applying import LedgerFollowing
from persistence.ledger.following.failed_scans import LedgerRestarts
from persistence.ledger.following.unreported import LedgerUnreported
from persistence.ledger.reading import LedgerReading
from persistence.ledger.requesting.opening import LedgerOpening
from persistence.ledger.requesting.sending import LedgerSending
from persistence.ledger.requesting.settling import LedgerSettling
from persistence.ledger.verification.verifying import LedgerVerifying
from snapshots.identifiers import IdMaker


class Ledger(
    LedgerOpening,
    LedgerSending,
    LedgerReading,
    LedgerFollowing,
    LedgerSettling,
    LedgerAbandoning,
    LedgerAuditing,
    LedgerVerifying,
    LedgerUnreported,
    LedgerRestarts,
):
    """All of the ledger in one value; each part is a module of its own and can be used alone."""

    def __init__(self, database: Database, ids: IdMaker, *, idempotency_days: int = 7) -> None:
        """Keep the ledger in `database`; an idempotency key is remembered for `idempotency_days`."""
        LedgerOpening.__init__(self, database, ids, idempotency_days=idempotency_days)


__all__ = ["Ledger"]
