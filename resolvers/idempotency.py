"""Answering a repeated call with what the first one answered."""

import asyncio

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.errors import RequestError
from snapshots.kinds import UserErrorCode
from snapshots.records import BulkSnapshotRecord
from snapshots.request import BulkSnapshotRequest

POLL_SECONDS = 0.05


async def replay(
    services: Services, principal: Principal, operation: str, request: BulkSnapshotRequest
) -> BulkSnapshotRecord | None:
    """Return the record of the first call with the key of `request`, or None where there was none (or no key).

    Waits until the first call has answered, at most as long as its dispatch may take; one that died meanwhile is
    returned without answers. Holds no database connection while it waits. Raises RequestError
    (IDEMPOTENCY_KEY_REUSED) where the key belongs to another request.
    """
    key = request.idempotency_key
    if key is None:
        return None
    ledger, tenant_id = services.ledger, principal.tenant_id
    record = await ledger.find_by_key(tenant_id, principal.subject, operation, key, at=services.clock())
    if record is None:
        return None
    if record.request_hash != request.hash:
        message = "This idempotency key was used for another request; take a new one."
        raise RequestError(UserErrorCode.IDEMPOTENCY_KEY_REUSED, message, ("input", "idempotencyKey"))
    try:
        async with asyncio.timeout(services.dispatcher.longest_seconds(len(record.snapshots))):
            while not record.answered:
                # The first call may run in another process, so there is nothing in this one to wait on.
                await asyncio.sleep(POLL_SECONDS)
                record = (await ledger.bulk_snapshots(tenant_id, [record.id]))[record.id]
    except TimeoutError:
        pass
    return record
