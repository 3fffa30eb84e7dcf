"""How long one sender owns its signals, by both clocks that matter: the ledger's and the process's."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """The time in which a sender may send; after that, the settle sweep of any replica may send.

    Make the lease before you write to the ledger: however long the ledger takes, no send begins after the lease.
    """

    until: datetime
    """The end by the ledger's clock, as others see it."""
    start_by: float
    """No send may begin after this, by the event loop's clock: early enough to finish a send before the end."""
