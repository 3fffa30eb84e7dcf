"""An engine that records signals in memory: for the simulated demo, and for the tests of those who use Topicsnap."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from snapshots.errors import SourceError, UnconfirmedError
from snapshots.identifiers import Clock, utc_now
from snapshots.model import SourceConnector
from snapshots.plan import TopicRequest
from snapshots.ports.engine import OutgoingSignal, Presence, Receipt, Trial
from snapshots.ports.incremental_sight import IncrementalSight
from snapshots.ports.observed_signalling import ObservedSignalling, Unknown
from snapshots.signalling.key_settings import KeySettings
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


class NoProbe:
    """Implements the port SnapshotProbe where there are no offsets to look at."""

    async def look(self, source: SourceConnector) -> IncrementalSight | None:  # noqa: ARG002
        """Say that nothing can be seen."""
        return None


class NoTrial:
    """Implements the port SourceTrial where there is no database to ask."""

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:  # noqa: ARG002
        """Say that nothing was found, and nothing is missing."""
        return Trial()


class SimulatedInspector:
    """Implements the port SignallingInspector where there is nothing to look at."""

    def __init__(self, clock: Clock = utc_now) -> None:
        """Date what it says by `clock`."""
        self._clock = clock

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> ObservedSignalling:  # noqa: ARG002
        """Say that nothing can be known."""
        nothing = Unknown("The engine is simulated, so there is no connector to look at.")
        return ObservedSignalling(source, self._clock(), nothing, None, None)


def _unconfirmed(source: SourceConnector) -> UnconfirmedError:
    return UnconfirmedError(f"{source.name} was told to lose the answer; the signal may be there.")
