"""Sending signals to many sources at once: limits for the process and each cluster, a deadline for each source."""

import asyncio
import logging
import math
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from snapshots.backoff import Backoff, Chance
from snapshots.cancellation import contain
from snapshots.channels import SignalChannelKind
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt, SignalChannel
from snapshots.requesting.leases import Lease
from snapshots.vocabulary import SnapshotErrorCode

ATTEMPTS = 5
"""How often one dispatch tries a channel that is away, including the first time."""
FIRST_PAUSE_SECONDS = 0.25
"""The longest pause before the second attempt; each next one is twice as long."""
LONGEST_PAUSE_SECONDS = 2.0

LEASE_MARGIN_SECONDS = 5.0
"""How long the writing before and after a dispatch may take."""

TimeLimit = Callable[[float], AbstractAsyncContextManager[object]]
"""Has what is done inside cut off after so many seconds, by TimeoutError."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Send:
    """One signal for one source."""

    source: SourceConnector
    signal: OutgoingSignal
    channel: SignalChannelKind


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """The engine may or may not have the signal."""

    code: SnapshotErrorCode
    message: str


@dataclass(frozen=True, slots=True)
class Unreached:
    """Certainly nothing reached the engine: its channel was away, or its turn came too late. It is tried again."""

    code: SnapshotErrorCode
    message: str
    retry_at: datetime
    """When the settle sweep tries again."""


Outcome = Receipt | Refusal | Unconfirmed | Unreached
"""The outcome of one send."""


class Dispatcher:
    """Sends signals through the channels of this process.

    A failure at one source never raises, so it does not affect the others; a cancellation is passed on.
    """

    def __init__(
        self,
        channels: Mapping[SignalChannelKind, SignalChannel],
        *,
        deadline_seconds: float,
        process_limit: int,
        cluster_limit: int,
        lease_margin_seconds: float = LEASE_MARGIN_SECONDS,
        chance: Chance = random.random,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        time_limit: TimeLimit = asyncio.timeout,
    ) -> None:
        """Send or look for at most `process_limit` signals at once, `cluster_limit` a cluster.

        Each has `deadline_seconds`; within them a channel that is away is tried again after a `pause`, as long as
        `chance` has it. A lease lasts `lease_margin_seconds` longer than what it is for. `time_limit` cuts off what is
        done in it.
        """
        self._channels = channels
        self.deadline_seconds = deadline_seconds
        self._process = asyncio.Semaphore(process_limit)
        self._process_limit = process_limit
        self._cluster_limit = cluster_limit
        self._clusters: dict[str, asyncio.Semaphore] = {}
        self._backoff = Backoff(FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS, chance)
        self._pause = pause
        self._lease_margin_seconds = lease_margin_seconds
        self._time_limit = time_limit

    def longest_seconds(self, sends: int) -> float:
        """How long a dispatch of `sends` signals takes at most, if each of them waits for its deadline."""
        return self._last_start_seconds(sends) + self.deadline_seconds + self._lease_margin_seconds

    def lease_until(self, now: datetime, sends: int) -> datetime:
        """When a dispatch of `sends` signals that begins at `now` will have ended."""
        return now + timedelta(seconds=self.longest_seconds(sends))

    def lease(self, now: datetime, sends: int) -> Lease:
        """Return the lease for a dispatch of `sends` signals, begun now, which is `now` by the ledger's clock."""
        start_by = asyncio.get_running_loop().time() + self._last_start_seconds(sends)
        return Lease(self.lease_until(now, sends), start_by)

    async def dispatch(self, sends: Sequence[Send], lease: Lease) -> list[Outcome]:
        """Send all of `sends` concurrently, none after `lease`; return their outcomes in the same order.

        Refusal with `retryable` and CHANNEL_UNAVAILABLE means that the channel was away as long as could be waited;
        Unreached, that the time was over before the signal had its turn.
        """
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._send(send, lease)) for send in sends]
        return [task.result() for task in tasks]

    def _last_start_seconds(self, sends: int) -> float:
        rounds = math.ceil(sends / min(self._cluster_limit, self._process_limit))
        return self.deadline_seconds * max(1, rounds)

    async def _send(self, send: Send, lease: Lease) -> Outcome:
        """Wait for the turn of `send`, then try it unless it is too late."""
        channel = self._channels.get(send.channel)
        if channel is None:
            message = f"This process has no {send.channel} channel."
            return Refusal(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False)
        async with self._turn(send):
            if asyncio.get_running_loop().time() > lease.start_by:
                # Its lease is about to end and the settle sweep may send it: sending it here too would duplicate it.
                message = "The signal did not get its turn in time. Nothing was sent; Topicsnap will try again."
                return Unreached(SnapshotErrorCode.DISPATCH_TIMEOUT, message, lease.until)
            return await self._attempt(channel, send)

    @asynccontextmanager
    async def _turn(self, send: Send) -> AsyncIterator[None]:
        cluster_id = send.source.cluster.id
        cluster = self._clusters.setdefault(cluster_id, asyncio.Semaphore(self._cluster_limit))
        async with cluster, self._process:
            yield

    async def _attempt(self, channel: SignalChannel, send: Send) -> Outcome:
        """Send within the deadline, and turn whatever happens into an outcome."""
        try:
            async with self._time_limit(self.deadline_seconds):
                return await contain(self._persist(channel, send))
        except SourceError as error:
            return Refusal(error.code, error.message, error.retryable)
        except UnconfirmedError as error:
            return Unconfirmed(error.code, error.message)
        except TimeoutError:
            message = (
                f"The channel did not answer within {self.deadline_seconds:g} s. The signal may have arrived; "
                "Topicsnap is checking."
            )
            return Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, message)
        except Exception:
            # A fault of ours or of a driver: it is unknown whether the signal was sent, and the others must continue.
            logger.exception("dispatch of signal %s to %s failed unexpectedly", send.signal.id, send.source.name)
            return Unconfirmed(
                SnapshotErrorCode.CHANNEL_UNAVAILABLE, "The channel failed because of an internal error; see the log."
            )

    async def _persist(self, channel: SignalChannel, send: Send) -> Receipt:
        """Send, and repeat this while the channel is certainly away and the deadline leaves time."""
        loop = asyncio.get_running_loop()
        give_up_at = loop.time() + self.deadline_seconds
        for attempt in range(1, ATTEMPTS):
            began = loop.time()
            try:
                return await channel.send(send.source, send.signal)
            except SourceError as error:
                if not may_pass(error):
                    raise
                seconds = self._backoff.after(attempt)
                # If the deadline cut off an attempt, nobody would know whether the signal arrived: better not begin it.
                if loop.time() + seconds + (loop.time() - began) >= give_up_at:
                    raise
            await self._pause(seconds)
        return await channel.send(send.source, send.signal)

    async def find(self, send: Send) -> Presence:
        """Ask the channel whether it holds the signal; UNKNOWN if it fails or does not answer within the deadline.

        Waits for its turn like a send.
        """
        channel = self._channels.get(send.channel)
        if channel is None:
            return Presence.UNKNOWN
        async with self._turn(send):
            return await self._look(channel, send)

    async def _look(self, channel: SignalChannel, send: Send) -> Presence:
        try:
            async with self._time_limit(self.deadline_seconds):
                return await contain(channel.find(send.source, send.signal))
        except TimeoutError:
            return Presence.UNKNOWN
        except Exception:
            logger.exception("search for signal %s of %s failed unexpectedly", send.signal.id, send.source.name)
            return Presence.UNKNOWN


def may_pass(failure: SourceError | Refusal) -> bool:
    """Whether nothing arrived only because the channel was away, so that it may be tried again."""
    return failure.retryable and failure.code is SnapshotErrorCode.CHANNEL_UNAVAILABLE
