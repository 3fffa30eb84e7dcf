"""Sending a recorded signal and recording what came of it: for whoever sends after the first call has answered."""

from collections.abc import Sequence

from persistence.ledger.sending import SendRecord, SignalKey
from persistence.ledger.settling import DueSignal
from resolvers.services import Services
from snapshots.dispatch import Send
from snapshots.engines.debezium.signals import EXECUTE_SNAPSHOT
from snapshots.ports import OutgoingSignal
from snapshots.states import SignalState


async def send_signals(services: Services, tenant_id: str, due: Sequence[DueSignal], *, cause: str) -> int:
    """Send those of `due` that nobody else has begun to send meanwhile, concurrently; return how many were sent.

    Each is written as SENDING before, its outcome after; no database connection is held in between.
    """
    if not due:
        return 0
    now = services.clock()
    attempts = await services.ledger.start_sending(
        tenant_id,
        [signal.key for signal in due],
        at=now,
        lease_until=services.dispatcher.lease_until(now, len(due)),
        cause=cause,
        begun={signal.key.signal_id: signal.attempt for signal in due},
    )
    ours = [signal for signal in due if signal.key.signal_id in attempts]
    outcomes = await services.dispatcher.dispatch([as_send(signal) for signal in ours])
    records = [
        SendRecord(signal.key, attempts[signal.key.signal_id], outcome)
        for signal, outcome in zip(ours, outcomes, strict=True)
    ]
    if records:
        await services.ledger.record_sends(tenant_id, records, at=services.clock(), cause=cause)
    return len(records)


async def send_next(services: Services, tenant_id: str, keys: Sequence[SignalKey]) -> None:
    """Send the signals that fell due because the one before each has ended."""
    if keys:
        signals = await services.ledger.signals(tenant_id, [key.signal_id for key in keys])
        # The settle sweep may have been faster; what it has begun is its own to end.
        untouched = [signal for signal in signals if signal.state is SignalState.PENDING]
        await send_signals(services, tenant_id, untouched, cause="the signal before has ended")


def as_send(signal: DueSignal) -> Send:
    """Return what the dispatcher wants of a recorded signal."""
    return Send(signal.source, OutgoingSignal(signal.key.signal_id, EXECUTE_SNAPSHOT, signal.data), signal.channel)
