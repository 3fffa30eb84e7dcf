"""Applying notifications with care: one that fails for its own sake is found, and set aside, so that the rest goes on.

An error of a whole batch says nothing of which record is at fault. So a batch is tried twice, for an error that passes,
then halved until the failing ones are alone. One that is alone is tried as often as is set, with rests in between. The
next ones of the same connector are not rested for until one can be applied: a connector of which every notification
fails must not hold up the others of its cluster.
"""

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from persistence.database.failures import is_of_the_values
from snapshots.backoff import Backoff
from snapshots.following.dead_letters import DeadLetter, RecordText, innermost, masked_message
from snapshots.following.notifications import Notification
from snapshots.identifiers import Clock, utc_now

logger = logging.getLogger(__name__)

Apply = Callable[[str, Sequence[Notification]], Awaitable[None]]
"""Applies notifications of a cluster, by its id, to the ledger; doing so twice changes nothing."""
SetAside = Callable[[DeadLetter], Awaitable[None]]
"""Records a notification that cannot be applied, and passes its place. Raises DatabaseError."""

RESTS = Backoff(first_seconds=0.5, longest_seconds=10.0)
_TRIES_TOGETHER = 2


@dataclass(frozen=True, slots=True)
class ReadNotification:
    """A notification, and what makes the text of the record that held it: only a dead letter needs one."""

    notification: Notification
    record_text: Callable[[], RecordText]


class CarefulApply:
    """Applies the notifications of one cluster in the order in which they were read."""

    def __init__(
        self,
        cluster_id: str,
        apply: Apply,
        set_aside: SetAside,
        *,
        attempts: int,
        clock: Clock = utc_now,
        rests: Backoff = RESTS,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """Apply by `apply`; what fails `attempts` times alone goes to `set_aside`.

        Between attempts it `rests` by `pause`.
        """
        self._cluster_id = cluster_id
        self._apply = apply
        self._set_aside = set_aside
        self._attempts = attempts
        self._clock = clock
        self._rests = rests
        self._pause = pause
        self._rested_for: set[str] = set()
        """Prefixes of the connectors whose last notification was set aside."""

    async def __call__(self, batch: Sequence[ReadNotification]) -> None:
        """Apply `batch`; when this returns, each notification is applied or set aside.

        Raises what `apply` raises where the notifications are not at fault: DatabaseError, and errors of a database
        that lacks tables or grants. Nothing is set aside for these.
        """
        await self._in_parts(batch, tries=_TRIES_TOGETHER)

    async def _in_parts(self, batch: Sequence[ReadNotification], *, tries: int) -> None:
        if len(batch) == 1:
            await self._alone(batch[0])
            return
        for attempt in range(1, tries + 1):
            if await self._fault(batch, attempt) is None:
                return
            if attempt < tries:
                await self._pause(self._rests.after(attempt))
        middle = len(batch) // 2
        for part in (batch[:middle], batch[middle:]):
            await self._in_parts(part, tries=1)

    async def _alone(self, one: ReadNotification) -> None:
        first_failed_at = None
        for attempt in range(1, self._attempts + 1):
            fault = await self._fault([one], attempt)
            if fault is None:
                return
            now = self._clock()
            first_failed_at = first_failed_at or now
            if attempt == self._attempts:
                cause = innermost(fault)
                letter = DeadLetter(
                    notification=one.notification,
                    record=one.record_text(),
                    error_class=type(cause).__name__,
                    error_message=masked_message(cause),
                    attempts=attempt,
                    first_failed_at=first_failed_at,
                    last_failed_at=now,
                )
                await self._set_aside(letter)
                self._rested_for.add(one.notification.prefix)
                return
            if one.notification.prefix not in self._rested_for:
                await self._pause(self._rests.after(attempt))

    async def _fault(self, batch: Sequence[ReadNotification], attempt: int) -> Exception | None:
        """Apply `batch`; return the error that one of its notifications is at fault for, None where all are applied."""
        try:
            await self._apply(self._cluster_id, [one.notification for one in batch])
        except Exception as error:
            if not is_of_the_values(error):
                raise
            _tell(error, len(batch), attempt)
            return error
        self._rested_for.difference_update(one.notification.prefix for one in batch)
        return None


def _tell(error: Exception, size: int, attempt: int) -> None:
    """Log `error` without the values that it quotes: they can be rows of a source."""
    cause = innermost(error)
    frames = "".join(traceback.format_tb(cause.__traceback__)) if attempt == 1 else ""
    text = f"{type(cause).__name__}: {masked_message(cause)}"
    logger.warning("a batch of %d could not be applied (attempt %d): %s\n%s", size, attempt, text, frames)
