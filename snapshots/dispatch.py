"""Sending signals to many sources at once: bounded for the process and each cluster, a deadline for each source."""

import asyncio
import logging
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapshots.errors import SourceError, UnconfirmedError
from snapshots.kinds import SignalChannelKind, SnapshotErrorCode
from snapshots.model import SourceConnector
from snapshots.ports import OutgoingSignal, Presence, Receipt, SignalChannel

LEASE_MARGIN_SECONDS = 5.0
"""What the writing before and after a dispatch may take."""

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
        """Send at most `process_limit` signals at once, `cluster_limit` a cluster, each within `deadline_seconds`."""
        self._channels = channels
        self.deadline_seconds = deadline_seconds
        self._process = asyncio.Semaphore(process_limit)
        self._process_limit = process_limit
        self._cluster_limit = cluster_limit
        self._clusters: dict[str, asyncio.Semaphore] = {}

    def longest_seconds(self, sends: int) -> float:
        """How long a dispatch of `sends` signals takes at most, should every one of them wait for its deadline."""
        return self._last_start_seconds(sends) + self.deadline_seconds + LEASE_MARGIN_SECONDS

    def lease_until(self, now: datetime, sends: int) -> datetime:
        """Until when a dispatch of `sends` signals that begins at `now` is expected to have ended."""
        return now + timedelta(seconds=self.longest_seconds(sends))

    async def dispatch(self, sends: Sequence[Send]) -> list[Outcome]:
        """Send all of `sends` concurrently and return their outcomes in the same order."""
        start_by = asyncio.get_running_loop().time() + self._last_start_seconds(len(sends))
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send(send, start_by)) for send in sends]
        return [task.result() for task in tasks]

    def _last_start_seconds(self, sends: int) -> float:
        rounds = math.ceil(sends / min(self._cluster_limit, self._process_limit))
        return self.deadline_seconds * max(1, rounds)

    async def _send(self, send: Send, start_by: float) -> Outcome:
        """Wait for the turn of `send`, then attempt it unless it is too late."""
        channel = self._channels.get(send.channel)
        if channel is None:
            message = f"This process has no {send.channel} channel."
            return Failed(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        cluster_id = send.source.cluster.id
        cluster = self._clusters.setdefault(cluster_id, asyncio.Semaphore(self._cluster_limit))
        async with cluster, self._process:
            if asyncio.get_running_loop().time() > start_by:
                # Its lease is about to end, and the settle sweep may send it: to send it here too would double it.
                return Unconfirmed(
                    SnapshotErrorCode.DISPATCH_TIMEOUT, "Its turn did not come in time; it is being settled."
                )
            return await self._attempt(channel, send)

    async def _attempt(self, channel: SignalChannel, send: Send) -> Outcome:
        """Send within the deadline, and make an outcome of whatever happens."""
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await channel.send(send.source, send.signal)
        except SourceError as error:
            return Failed(error.code, error.message, error.retryable)
        except UnconfirmedError as error:
            return Unconfirmed(error.code, error.message)
        except TimeoutError:
            message = (
                f"No answer within {self.deadline_seconds:g} s; the signal may have arrived, and is being settled."
            )
            return Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, message)
        except (Exception, asyncio.CancelledError) as error:
            # A fault of ours or of a driver: whether the signal left is not known, and the others must go on.
            _raise_if_cancelled(error)
            logger.exception("dispatch of signal %s to %s failed unexpectedly", send.signal.id, send.source.name)
            return Unconfirmed(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "The channel failed unexpectedly; see the log.")

    async def find(self, send: Send) -> Presence:
        """Ask the channel whether it holds the signal; UNKNOWN when it fails or does not answer within the deadline."""
        channel = self._channels.get(send.channel)
        if channel is None:
            return Presence.UNKNOWN
        try:
            async with asyncio.timeout(self.deadline_seconds):
                return await channel.find(send.source, send.signal)
        except TimeoutError:
            return Presence.UNKNOWN
        except (Exception, asyncio.CancelledError) as error:
            _raise_if_cancelled(error)
            logger.exception("search for signal %s of %s failed unexpectedly", send.signal.id, send.source.name)
            return Presence.UNKNOWN


def _raise_if_cancelled(error: BaseException) -> None:
    """Pass on a cancellation of the running task; not that of something it waited for, such as a driver's future."""
    task = asyncio.current_task()
    if isinstance(error, asyncio.CancelledError) and (task is None or task.cancelling()):
        raise error
