"""The main job: one request for many topics becomes a snapshot on each source connector, dispatched concurrently."""

from collections.abc import Sequence

from persistence.ledger.requesting.opening_rows import NewBulkSnapshot, OpenedSource
from persistence.ledger.requesting.sending import SignalKey
from resolvers.principal import Principal
from resolvers.requesting import idempotency
from resolvers.requesting.planning import plan_request
from resolvers.requesting.sending import send_begun
from resolvers.services import Services
from resolvers.verification.marks import take_marks
from snapshots.errors import UnconfirmedError
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import OutgoingSignal, Receipt
from snapshots.records import AnswerKind, BulkSnapshotRecord, SourceAnswer
from snapshots.requesting.dispatch import Outcome, Send
from snapshots.requesting.request import BulkSnapshotRequest, check
from snapshots.requesting.retry import RetryRequest
from snapshots.signalling.packing import EXECUTE_SNAPSHOT
from snapshots.vocabulary import SnapshotErrorCode

OPERATION = "bulkSnapshotTopics"


async def bulk_snapshot_topics(
    services: Services, principal: Principal, request: BulkSnapshotRequest
) -> BulkSnapshotRecord:
    """Snapshot the topics of `request`, and return the ledger's record of it with an answer for each source.

    A call with an idempotency key that was used before dispatches nothing. It returns the first call's record, and
    waits for it if that call is still running. If the caller goes away, the work continues. Raises InvalidRequestError
    before anything is read, RequestError (IDEMPOTENCY_KEY_REUSED) before anything is recorded.
    """
    check(request)
    if replayed := await idempotency.replay(services, principal, OPERATION, request):
        return replayed
    return await carry_out(services, principal, OPERATION, request)


async def carry_out(
    services: Services,
    principal: Principal,
    operation: str,
    request: BulkSnapshotRequest,
    retry: RetryRequest | None = None,
) -> BulkSnapshotRecord:
    """Plan a checked request, record it as asked for by `operation`, send its signals, and return its record.

    `retry` is the client's request if `request` was derived from a retry. If the caller goes away, the work continues.
    """
    plan = await plan_request(services, principal, request)
    marks = await take_marks(services, plan) if request.verify else {}
    now = services.clock()
    new = NewBulkSnapshot(principal.tenant_id, operation, principal.subject, now, request, plan, retry, marks)
    bulk_id = await services.background.finish(_record_and_send(services, principal, new))
    if bulk_id is None:
        replayed = await idempotency.replay(services, principal, operation, retry or request)
        if replayed is None:  # the ledger keeps keys for days: only a clean-up at this moment could have removed it
            message = "The record of the first call with this idempotency key was just removed. Send the request again."
            raise UnconfirmedError(message)
        return replayed
    return (await services.ledger.reading.bulk_snapshots(principal.tenant_id, [bulk_id]))[bulk_id]


async def _record_and_send(services: Services, principal: Principal, new: NewBulkSnapshot) -> str | None:
    """Record, send, and record the outcomes; return the bulk snapshot's id, or None if the key was taken."""
    lease_until = services.dispatcher.lease_until(new.requested_at, len(new.plan.jobs))
    opened = await services.ledger.opening.open(new, lease_until=lease_until)
    if opened is None:
        return None
    free = [source for source in opened.sources if source.refusal is None]
    outcomes = await _send_first_signals(services, principal, free) if free else {}
    answers = [
        (source.source_snapshot_id, _answer(services, source, outcomes.get(source.source_snapshot_id)))
        for source in opened.sources
    ]
    await services.ledger.sending.record_answers(principal.tenant_id, opened.id, answers, at=services.clock())
    for _, answer in answers:
        services.telemetry.source_answered(answer)
    return opened.id


async def _send_first_signals(
    services: Services, principal: Principal, sources: Sequence[OpenedSource]
) -> dict[str, Outcome]:
    """Send the first signal of each source; return the outcomes by source snapshot id."""
    keys = [SignalKey(source.source_snapshot_id, source.signals[0][0]) for source in sources]
    now = services.clock()
    lease = services.dispatcher.lease(now, len(keys))
    attempts = await services.ledger.sending.start(
        principal.tenant_id, keys, at=now, lease_until=lease.until, cause="dispatch"
    )
    begun = [
        (key, attempts[key.signal_id], _send(source))
        for key, source in zip(keys, sources, strict=True)
        if key.signal_id in attempts
    ]
    records = await send_begun(services, principal.tenant_id, begun, lease, cause="dispatch")
    return {record.key.source_snapshot_id: record.outcome for record in records}


def _send(source: OpenedSource) -> Send:
    signal_id, draft = source.signals[0]
    channel = source.job.source.signal_channel
    assert channel is not None  # noqa: S101 (the plan refuses a source without one)
    return Send(source.job.source, OutgoingSignal(signal_id, EXECUTE_SNAPSHOT, draft.data), channel)


def _answer(services: Services, source: OpenedSource, outcome: Outcome | None) -> SourceAnswer:
    refusal = source.refusal or (outcome if isinstance(outcome, Refusal) else None)
    if refusal:
        return SourceAnswer(AnswerKind.FAILED, refusal.message, refusal.code, refusal.retryable)
    if isinstance(outcome, Receipt):
        signals = len(source.signals)
        message = (
            "The channel accepted the signal; follow the snapshot for its outcome."
            if signals == 1
            else (
                f"The channel accepted the first of {signals} signals; each next one is sent when the one before it "
                "has ended."
            )
        )
        if services.engine.simulated:
            message = f"Simulated: {message[0].lower()}{message[1:]}"
        return SourceAnswer(AnswerKind.DISPATCHED, " ".join(filter(None, (message, source.job.warning))))
    if outcome is None:
        message = "Another worker is sending this signal. Follow the snapshot for its outcome."
        return SourceAnswer(AnswerKind.UNCONFIRMED, message, SnapshotErrorCode.DISPATCH_TIMEOUT)
    return SourceAnswer(AnswerKind.UNCONFIRMED, outcome.message, outcome.code, retryable=False)
