"""Dispatching the failed topics of a bulk snapshot again, as a new bulk snapshot that names the first."""

from resolvers.principal import Principal
from resolvers.requesting import idempotency
from resolvers.requesting.bulk_snapshot import carry_out
from resolvers.services import Services
from snapshots.errors import RequestError
from snapshots.records import BulkSnapshotRecord
from snapshots.requesting.retry import RetryRequest, bulk_snapshot_not_found, check, make_retry

OPERATION = "retryBulkSnapshot"


async def retry_bulk_snapshot(services: Services, principal: Principal, request: RetryRequest) -> BulkSnapshotRecord:
    """Snapshot again the topics that failed and may succeed now, with the same filters, surrogate keys and type.

    They are verified if that was requested before. Routes are loaded again, so a corrected catalogue counts. An
    idempotency key works as for `bulk_snapshot_topics`. Raises RequestError before anything is recorded: NOT_FOUND,
    NOTHING_TO_RETRY, INVALID_VALUE, IDEMPOTENCY_KEY_REUSED.
    """
    check(request)
    if replayed := await idempotency.replay(services, principal, OPERATION, request):
        return replayed
    tenant_id, bulk_id = principal.tenant_id, request.bulk_snapshot_id
    record = (await services.ledger.reading.bulk_snapshots(tenant_id, [bulk_id])).get(bulk_id)
    if record is None:
        raise bulk_snapshot_not_found(request)
    retries = await _all_retries(services, tenant_id, bulk_id)
    try:
        again = make_retry(request, record, retries)
    except RequestError:
        # The first call with this same key may have taken these topics since we looked for it.
        if replayed := await idempotency.replay(services, principal, OPERATION, request):
            return replayed
        raise
    return await carry_out(services, principal, OPERATION, again, request)


async def _all_retries(services: Services, tenant_id: str, bulk_id: str) -> list[BulkSnapshotRecord]:
    """Return the retries of a bulk snapshot, their retries, and so on: any of them may have read the failed topics."""
    found: list[BulkSnapshotRecord] = []
    due = [bulk_id]
    while due:
        next_ones = [retry for of in (await services.ledger.auditing.retries(tenant_id, due)).values() for retry in of]
        found += next_ones
        due = [retry.id for retry in next_ones]
    return found
