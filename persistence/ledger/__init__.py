"""The snapshot ledger: the durable record of bulk and source snapshots, and every guarded change to it."""

from persistence.database import Database
from persistence.ledger.abandoning import LedgerAbandoning
from persistence.ledger.auditing import LedgerAuditing
from persistence.ledger.following import LedgerFollowing
from persistence.ledger.opening import LedgerOpening
from persistence.ledger.reading import LedgerReading
from persistence.ledger.restarts import LedgerRestarts
from persistence.ledger.sending import LedgerSending
from persistence.ledger.settling import LedgerSettling
from persistence.ledger.unreported import LedgerUnreported
from persistence.ledger.verifying import LedgerVerifying
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
