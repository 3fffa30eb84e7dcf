"""How long PostgreSQL may keep the application waiting."""

from collections.abc import Mapping
from dataclasses import dataclass

from persistence.database.defaults import IDLE_IN_TRANSACTION_SECONDS, LOCK_SECONDS, STATEMENT_SECONDS


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Limits of each connection of a pool. What passes one is rolled back, and may be tried again."""

    statement_seconds: float = STATEMENT_SECONDS
    """How long one statement may run."""
    lock_seconds: float = LOCK_SECONDS
    """How long one statement may wait for a lock."""
    idle_in_transaction_seconds: float = IDLE_IN_TRANSACTION_SECONDS
    """How long a transaction may rest between two statements: then its process is stuck or gone, its locks are not."""
    answer_margin_seconds: float = 5.0
    """How much longer than the server's own limit its word is waited for: later than that, the server is gone."""

    @property
    def answer_seconds(self) -> float:
        """How long the answer to one statement is waited for by this side."""
        return self.statement_seconds + self.answer_margin_seconds

    @property
    def settings(self) -> Mapping[str, str]:
        """The limits as PostgreSQL's settings, which take whole milliseconds; 0 would mean none."""
        limits = {
            "statement_timeout": self.statement_seconds,
            "lock_timeout": self.lock_seconds,
            "idle_in_transaction_session_timeout": self.idle_in_transaction_seconds,
        }
        return {name: str(max(1, round(seconds * 1000))) for name, seconds in limits.items()}
