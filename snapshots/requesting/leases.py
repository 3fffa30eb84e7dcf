"""How long signals are one sender's, told at one moment by both clocks that count: the ledger's and the process's."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Lease:
    """The time in which a sender may send; afterwards the settle sweep of any replica may.

    To be made before the ledger hears of it: however long the ledger takes then, no send begins after the lease.
    """

    until: datetime
    """The end by the ledger's clock, as others see it."""
    start_by: float
    """After this no send may begin, by the event loop's clock: enough before the end to finish one."""
