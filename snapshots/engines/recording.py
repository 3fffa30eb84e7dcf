"""A signal channel in memory, which records what it is sent: for the simulated demo and for tests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never

from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.vocabulary import SnapshotErrorCode


class Behaviour(StrEnum):
    """What a source does with the signals that it is sent."""

    ACCEPT = "ACCEPT"
    REFUSE = "REFUSE"
    """Nothing arrives, for certain: SourceError."""
    UNREACHABLE = "UNREACHABLE"
    """Nothing arrives, for certain, and nothing can be asked: a retryable SourceError."""
    HANG = "HANG"
    """No answer, and nothing arrives: whoever waits has to give up."""
    LOSE = "LOSE"
    """No word of it, and nothing arrived: UnconfirmedError, later proved ABSENT."""
    LOSE_ANSWER = "LOSE_ANSWER"
    """It arrives, but its answer is lost: UnconfirmedError, later found PRESENT."""


@dataclass(frozen=True, slots=True)
class RecordedSignal:
    """A signal that has arrived."""

    source: SourceConnector
    signal: OutgoingSignal


class RecordingChannel:
    """A signal channel in memory; idempotent by the signal's id, for each source by itself."""

    def __init__(self, on_arrival: Callable[[RecordedSignal], None] | None = None) -> None:
        """Accept everything; `on_arrival` is called once for each signal, as soon as it is there."""
        self._arrived: dict[tuple[str, str], RecordedSignal] = {}
        self._behaviours: dict[str, Behaviour] = {}
        self._on_arrival = on_arrival

    @property
    def recorded(self) -> tuple[RecordedSignal, ...]:
        """What has arrived, in order."""
        return tuple(self._arrived.values())

    def behave(self, source_id: str, behaviour: Behaviour) -> None:
        """Let the source behave so from now on."""
        self._behaviours[source_id] = behaviour

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        """Record `signal`, or do as the source was told to. Raises SourceError or UnconfirmedError then."""
        behaviour = self._behaviours.get(source.id, Behaviour.ACCEPT)
        await asyncio.sleep(0)  # a real channel lets others run as well
        match behaviour:
            case Behaviour.REFUSE:
                message = f"{source.name} was told to refuse signals."
                raise SourceError(SnapshotErrorCode.SIGNAL_REJECTED, message, retryable=False)
            case Behaviour.UNREACHABLE:
                message = f"{source.name} was told to be unreachable."
                raise SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, message, retryable=True)
            case Behaviour.HANG:
                await asyncio.Event().wait()
            case Behaviour.LOSE:
                raise _unconfirmed(source)
            case Behaviour.LOSE_ANSWER:
                self._record(source, signal)
                raise _unconfirmed(source)
            case Behaviour.ACCEPT:
                self._record(source, signal)
            case _:
                assert_never(behaviour)
        return Receipt("memory")

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        """Tell whether `signal` has arrived."""
        if self._behaviours.get(source.id) is Behaviour.UNREACHABLE:
            return Presence.UNKNOWN
        return Presence.PRESENT if (source.id, signal.id) in self._arrived else Presence.ABSENT

    def _record(self, source: SourceConnector, signal: OutgoingSignal) -> None:
        if (source.id, signal.id) in self._arrived:
            return
        recorded = self._arrived[source.id, signal.id] = RecordedSignal(source, signal)
        if self._on_arrival is not None:
            self._on_arrival(recorded)


def _unconfirmed(source: SourceConnector) -> UnconfirmedError:
    return UnconfirmedError(f"{source.name} was told to lose the answer; the signal may be there.")
