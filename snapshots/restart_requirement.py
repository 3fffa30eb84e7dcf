"""Why a connector must be restarted before it takes an incremental snapshot."""

from dataclasses import dataclass
from datetime import datetime

MOST_TABLES = 10
"""How many of the failed tables a message names."""


@dataclass(frozen=True, slots=True)
class RestartRequirement:
    """Why a connector takes no incremental snapshot until its task was restarted."""

    since: datetime
    """When the first table failed, by the engine's clock."""
    data_collections: tuple[str, ...] = ()
    """The tables that have failed since then, in order of their names, at most MOST_TABLES; empty if none was named."""

    def cause(self) -> str:
        """Say what happened, as a clause."""
        tables = ", ".join(self.data_collections) or "a table"
        return f"the incremental scan of {tables} failed with an SQL error at {self.since:%Y-%m-%d %H:%M:%S %Z}"
