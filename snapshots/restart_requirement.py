"""Why a connector has to be restarted before it takes an incremental snapshot."""

from dataclasses import dataclass
from datetime import datetime

MOST_TABLES = 10
"""How many of the tables that failed are named."""


@dataclass(frozen=True, slots=True)
class RestartRequirement:
    """Why a connector takes no incremental snapshot until its task was restarted."""

    since: datetime
    """When the first table failed, by the engine's clock."""
    data_collections: tuple[str, ...] = ()
    """The tables that failed since, in order of their names, at most MOST_TABLES; empty where none was named."""

    def cause(self) -> str:
        """Say what happened, as a clause."""
        tables = ", ".join(self.data_collections) or "a table"
        return f"the incremental scan of {tables} failed with an SQL error at {self.since:%Y-%m-%d %H:%M:%S %Z}"
