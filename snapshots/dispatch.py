"""Sending signals to many sources at once: bounded for the process and for each cluster, with a deadline for each source."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from snapshots.errors import SourceError, UnconfirmedError
from snapshots.kinds import SignalChannelKind, SnapshotErrorCode
from snapshots.model import SourceConnector
from snapshots.ports import OutgoingSignal, Presence, Receipt, SignalChannel

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Send:
    """One signal for one source."""

    source: SourceConnector
    signal: OutgoingSignal
    channel: SignalChannelKind


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing reached the engine, for certain."""

    code: SnapshotErrorCode
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The engine may or may not have the signal."""

    code: SnapshotErrorCode
    message: str


Outcome = Receipt | Failed | Unconfirmed
"""What came of one send."""


class Dispatcher:
    """Sends signals through the channels of this process.

    Never raises for one source, so that the others are untouched; being cancelled is passed on.
    """

    def __init__(
        self,
        channels: Mapping[SignalChannelKind, SignalChannel],
        *,
        deadline_seconds: float = 10.0,
        process_limit: int = 64,
        cluster_limit: int = 16,
    ) -> None:
        """Send at most `process_limit` signals at once, `cluster_limit` to one cluster, each within `deadline_seconds`."""
        self._channels = channels
        self.deadline_seconds = deadline_seconds
        self._process = asyncio.Semaphore(process_limit)
        self._cluster_limit = cluster_limit
        self._clusters: dict[str, asyncio.Semaphore] = {}

    async def dispatch(self, sends: Sequence[Send]) -> list[Outcome]:
        """Send all of `sends` concurrently and return their outcomes in the same order."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self.send(send)) for send in sends]
        return [task.result() for task in tasks]

    async def send(self, send: Send) -> Outcome:
        """Send one signal within the deadline, which starts when its turn has come."""
        channel = self._channels.get(send.channel)
        if channel is None:
            message = f"This process has no {send.channel} channel."
            return Failed(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        cluster_id = send.source.cluster.id
        cluster = self._clusters.setdefault(cluster_id, asyncio.Semaphore(self._cluster_limit))
        async with cluster, self._process:
            try:
                async with asyncio.timeout(self.deadline_seconds):
                    return await channel.send(send.source, send.signal)
            except SourceError as error:
                return Failed(error.code, error.message, error.retryable)
            except UnconfirmedError as error:
                return Unconfirmed(error.code, error.message)
            except TimeoutError:
                message = f"No answer within {self.deadline_seconds:g} s; the signal may have arrived, and is being settled."
                return Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, message)
            except Exception:
                # A fault of ours or of a driver: whether the signal left is not known, and the others must go on.
                logger.exception("dispatch of signal %s to %s failed unexpectedly", send.signal.id, send.source.name)
                return Unconfirmed(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "The channel failed unexpectedly; see the log.")

    async def find(self, send: Send) -> Presence:
        """Ask the channel whether it holds the signal; UNKNOWN when it does not answer within the deadline."""
        channel = self._channels.get(send.channel)
        if channel is None:
            return Presence.UNKNOWN
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await channel.find(send.source, send.signal)
        except TimeoutError:
            return Presence.UNKNOWN
