"""The port to what carries signals, and what it takes and gives back."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from snapshots.model import SourceConnector


@dataclass(frozen=True, slots=True)
class OutgoingSignal:
    """A signal on its way: its id and the exact JSON text of its `data` (always an object)."""

    id: str
    type: str
    data: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """The channel's word that it has the signal; `destination` says where (a table, or topic/partition@offset)."""

    destination: str


class Presence(StrEnum):
    """Whether a channel holds a signal."""

    PRESENT = "PRESENT"
    ABSENT = "ABSENT"
    UNKNOWN = "UNKNOWN"


class SignalChannel(Protocol):
    """Carries signals to a connector. Every implementation passes tests/contract."""

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Hand `signal` to the engine behind `source`, at most once where the channel can tell by its id.

        Raises SourceError where it is certain that nothing arrived, UnconfirmedError where it may have arrived.
        Being cancelled may leave the signal sent or not: the caller counts that as unconfirmed.
        """
        ...

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Tell whether the channel holds `signal`; ABSENT only where that is proved. Reports failures as UNKNOWN."""
        ...
