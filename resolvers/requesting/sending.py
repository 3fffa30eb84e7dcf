"""Sending a recorded signal and recording the outcome, also after the first call has answered."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from persistence.ledger.requesting.sending import SendRecord, SignalKey
from persistence.ledger.requesting.settling import DueSignal
from resolvers.services import Services
from snapshots.following.failed_scans import refusal
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import OutgoingSignal
from snapshots.requesting.dispatch import Outcome, Send, Unreached, may_pass
from snapshots.requesting.leases import Lease
from snapshots.requesting.retry_policy import RetryPolicy
from snapshots.signalling.packing import EXECUTE_SNAPSHOT
from snapshots.states import SignalState
from snapshots.vocabulary import SnapshotType


async def send_signals(services: Services, tenant_id: str, due: Sequence[DueSignal], *, cause: str) -> int:
    """Send those of `due` that nobody else has begun to send, concurrently; return how many were sent.

    Each signal is written as SENDING before, its outcome after; no database connection is held in between. An
    incremental signal whose source needs a restart is not sent: the signal and the rest of its snapshot have failed.
    """
    if not due:
        return 0
    now = services.clock()
    lease = services.dispatcher.lease(now, len(due))
    attempts = await services.ledger.sending.start(
        tenant_id,
        [signal.key for signal in due],
        at=now,
        lease_until=lease.until,
        cause=cause,
        begun={signal.key.signal_id: signal.attempt for signal in due},
    )
    begun = [signal for signal in due if signal.key.signal_id in attempts]
    refused = await _refuse_unsafe(services, tenant_id, begun, attempts, cause=cause)
    sends = [(one.key, attempts[one.key.signal_id], as_send(one)) for one in begun if one.key not in refused]
    return len(await send_begun(services, tenant_id, sends, lease, cause=cause)) if sends else 0


async def _refuse_unsafe(
    services: Services, tenant_id: str, begun: Sequence[DueSignal], attempts: Mapping[str, int], *, cause: str
) -> set[SignalKey]:
    """Record as failed those of `begun` that would be read beside the rows of a failed scan; return their keys."""
    incremental = [signal for signal in begun if signal.snapshot_type is SnapshotType.INCREMENTAL]
    if not incremental:
        return set()
    unsafe = await services.ledger.failed_scans.requirements(tenant_id, [signal.source.id for signal in incremental])
    records = []
    for signal in incremental:
        if signal.source.id in unsafe:
            outcome = refusal(signal.source, unsafe[signal.source.id])
            records.append(SendRecord(signal.key, attempts[signal.key.signal_id], outcome))
    if records:
        await record_outcomes(services, tenant_id, records, at=services.clock(), cause=cause)
    return {record.key for record in records}


async def send_begun(
    services: Services, tenant_id: str, begun: Sequence[tuple[SignalKey, int, Send]], lease: Lease, *, cause: str
) -> list[SendRecord]:
    """Send what is written as SENDING with `lease`, each with its attempt number; record and return the outcomes."""
    outcomes = await services.dispatcher.dispatch([send for _, _, send in begun], lease)
    now = services.clock()
    records = [
        SendRecord(key, attempt, _or_again(services.retries, attempt, outcome, now))
        for (key, attempt, _), outcome in zip(begun, outcomes, strict=True)
    ]
    await record_outcomes(services, tenant_id, records, at=now, cause=cause)
    return records


async def record_outcomes(
    services: Services, tenant_id: str, records: Sequence[SendRecord], *, at: datetime, cause: str
) -> None:
    """Record the outcomes of sending or looking for signals: every outcome passes here. Raises DatabaseError."""
    await services.ledger.sending.record(tenant_id, records, at=at, cause=cause)
    for record in records:
        services.telemetry.signal_sent(record.outcome)


def _or_again(retries: RetryPolicy, attempt: int, outcome: Outcome, now: datetime) -> Outcome:
    """Return `outcome`, or a new attempt later if the channel was away and attempts are left."""
    if not (isinstance(outcome, Refusal) and may_pass(outcome)):
        return outcome
    rest = retries.rest_after(attempt)
    if rest is None:
        given_up = f"{outcome.message} Topicsnap gave up after {attempt} attempts."
        return replace(outcome, message=given_up) if attempt > 1 else outcome
    message = (
        f"{outcome.message} Nothing was sent. Topicsnap will try again: attempt {attempt + 1} of "
        f"{retries.further_attempts + 1} is next."
    )
    return Unreached(outcome.code, message, now + rest)


async def send_next(services: Services, tenant_id: str, keys: Sequence[SignalKey]) -> None:
    """Send the signals that are due because the one before each has ended."""
    if keys:
        signals = await services.ledger.settling.signals(tenant_id, [key.signal_id for key in keys])
        # The settle sweep may have been faster; it finishes what it has begun.
        untouched = [signal for signal in signals if signal.state is SignalState.PENDING]
        await send_signals(services, tenant_id, untouched, cause="the signal before has ended")


def as_send(signal: DueSignal) -> Send:
    """Return a recorded signal in the form that the dispatcher needs."""
    return Send(signal.source, OutgoingSignal(signal.key.signal_id, EXECUTE_SNAPSHOT, signal.data), signal.channel)
