"""Answering a repeated call with the first call's answer."""

import asyncio
from typing import Protocol

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.errors import RequestError
from snapshots.records import BulkSnapshotRecord
from snapshots.vocabulary import UserErrorCode

POLL_SECONDS = 0.05


class Keyed(Protocol):
    """A request that may carry an idempotency key."""

    @property
    def idempotency_key(self) -> str | None:
        """The client's name for the request, if any."""
        ...

    @property
    def hash(self) -> bytes:
        """Equal for requests that mean the same."""
        ...


async def replay(services: Services, principal: Principal, operation: str, request: Keyed) -> BulkSnapshotRecord | None:
    """Return the record of the first call with the key of `request`, or None if there was none (or no key).

    Waits until the first call has answered, at most as long as its dispatch may take since it began; the record of a
    call that died is returned without answers. Holds no database connection while it waits. Raises RequestError
    (IDEMPOTENCY_KEY_REUSED) if the key belongs to another request.
    """
    key = request.idempotency_key
    if key is None:
        return None
    ledger, tenant_id = services.ledger, principal.tenant_id
    record = await ledger.opening.find_by_key(tenant_id, principal.subject, operation, key, at=services.clock())
    if record is None:
        return None
    if record.request_hash != request.hash:
        message = "This idempotency key was already used for a different request. Use a new key."
        raise RequestError(UserErrorCode.IDEMPOTENCY_KEY_REUSED, message, ("idempotency_key",))
    loop = asyncio.get_running_loop()
    longest = services.dispatcher.longest_seconds(len(record.snapshots))
    age = (services.clock() - record.requested_at).total_seconds()  # below 0 where its process has another clock
    give_up_at = loop.time() + longest - max(0.0, age)
    while not record.answered and loop.time() < give_up_at:
        # The first call may run in another process, so this process has nothing to wait on.
        await asyncio.sleep(POLL_SECONDS)
        record = (await ledger.reading.bulk_snapshots(tenant_id, [record.id]))[record.id]
    return record
