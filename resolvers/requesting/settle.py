"""Settling what a crash or a passed deadline left open: signals that nobody sends, or whose outcome is unknown."""

import asyncio
import logging
from datetime import timedelta

from persistence.ledger.requesting.sending import SendRecord
from persistence.ledger.requesting.settling import DueSignal
from resolvers.requesting.sending import as_send, record_outcomes, send_signals
from resolvers.services import Services
from snapshots.ports.signal_channel import Presence, Receipt
from snapshots.requesting.dispatch import Outcome, Unconfirmed
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotErrorCode

logger = logging.getLogger(__name__)

BATCH = 50
"""How many signals one sweep takes; the next sweep takes the rest."""
RETRY_SECONDS = 15.0
"""How long to wait before a signal of unknown outcome is checked again."""


async def settle(services: Services, tenant_id: str, *, batch: int = BATCH) -> int:
    """Take signals of the tenant whose lease has ended, at most `batch`; return how many were taken.

    A signal that was never sent is sent. If sending was begun, the signal is looked for in its channel: if found, it
    counts as dispatched; if it is certainly absent, it is sent again; otherwise it stays UNCONFIRMED and is checked
    again later. Any number of replicas may run this at once. Raises DatabaseError.
    """
    now = services.clock()
    rest = timedelta(seconds=services.dispatcher.longest_seconds(batch) + RETRY_SECONDS)
    due = await services.ledger.settling.claim(tenant_id, at=now, lease_until=now + rest, most=batch)
    if not due:
        return 0
    begun = [signal for signal in due if signal.state is not SignalState.PENDING]
    absent = await _look_for(services, tenant_id, begun)
    untouched = [signal for signal in due if signal.state is SignalState.PENDING]
    sent = await send_signals(services, tenant_id, [*untouched, *absent], cause="settle")
    logger.info("settled %d signals: %d sent, %d of them again", len(due), sent, len(absent))
    return len(due)


async def _look_for(services: Services, tenant_id: str, begun: list[DueSignal]) -> list[DueSignal]:
    """Look for signals whose sending was begun and record what is found; return those that are certainly absent."""
    if not begun:
        return []
    # UNCONFIRMED first: this is their true state now, and the only one from which they may be sent again.
    lost = Unconfirmed(
        SnapshotErrorCode.DISPATCH_TIMEOUT,
        "The process that was sending the signal is gone. Topicsnap is checking whether the signal arrived.",
    )
    await _record(services, tenant_id, [(signal, lost) for signal in begun if signal.state is SignalState.SENDING])
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(services.dispatcher.find(as_send(signal))) for signal in begun]
    presences = [task.result() for task in tasks]
    found = zip(begun, presences, strict=True)
    await _record(
        services,
        tenant_id,
        [(signal, Receipt("found in its channel")) for signal, presence in found if presence is Presence.PRESENT],
    )
    return [signal for signal, presence in zip(begun, presences, strict=True) if presence is Presence.ABSENT]


async def _record(services: Services, tenant_id: str, outcomes: list[tuple[DueSignal, Outcome]]) -> None:
    if outcomes:
        records = [SendRecord(signal.key, signal.attempt, outcome) for signal, outcome in outcomes]
        await record_outcomes(services, tenant_id, records, at=services.clock(), cause="settle")
