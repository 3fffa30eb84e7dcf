"""Requesting a verification of snapshots that were dispatched before."""

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.errors import RequestError
from snapshots.identifiers import is_valid_id
from snapshots.records import SourceSnapshotRecord
from snapshots.vocabulary import UserErrorCode


async def verify_snapshot(
    services: Services, principal: Principal, snapshot_id: str
) -> tuple[SourceSnapshotRecord, ...]:
    """Have every topic of a source snapshot, or of a whole bulk snapshot, verified; return the source snapshots.

    The worker verifies each topic once its snapshot has ended, also those that were verified before. It finishes the
    topics that it is verifying now. Raises RequestError: INVALID_ID, NOT_FOUND.
    """
    path = ("snapshot_id",)
    if not is_valid_id(snapshot_id):
        message = "An id must be a text of 1 to 128 characters."
        raise RequestError(UserErrorCode.INVALID_ID, message, path)
    tenant_id, ledger = principal.tenant_id, services.ledger
    found = await ledger.reading.source_snapshots(tenant_id, [snapshot_id])
    ids = list(found)
    if not ids:
        bulk = (await ledger.reading.bulk_snapshots(tenant_id, [snapshot_id])).get(snapshot_id)
        if bulk is None:
            message = f"No source snapshot or bulk snapshot has the id {snapshot_id}."
            raise RequestError(UserErrorCode.NOT_FOUND, message, path)
        ids = [snapshot.id for snapshot in bulk.snapshots]
    await ledger.verifying.request(tenant_id, ids, at=services.clock())
    found = await ledger.reading.source_snapshots(tenant_id, ids)
    return tuple(found[id] for id in ids if id in found)
