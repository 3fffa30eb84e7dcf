"""Taking the lock of sources: a row of active_snapshot, which one source snapshot holds until its end."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

_TAKE = text("""
    INSERT INTO active_snapshot (tenant_id, connector_id, source_snapshot_id)
    SELECT :tenant_id, w.connector_id, w.source_snapshot_id
    FROM unnest(CAST(:connectors AS text[]), CAST(:snapshots AS text[])) WITH ORDINALITY
         AS w(connector_id, source_snapshot_id, place)
    ORDER BY w.place
    ON CONFLICT (tenant_id, connector_id) DO NOTHING
    RETURNING source_snapshot_id
""")


async def take_sources(
    connection: AsyncConnection, tenant_id: str, wanted: Iterable[tuple[str, str]]
) -> frozenset[str]:
    """Take the connector of each pair of `wanted` for its source snapshot; return the ids of the snapshots that got it.

    A pair is a connector id and a source snapshot id. One statement, none where nothing is wanted. The
    snapshots may be recorded afterwards, in the same transaction.
    """
    # In the order of the connectors' ids: two that took them in different orders would deadlock.
    pairs = sorted(wanted)
    if not pairs:
        return frozenset()
    connectors, snapshots = zip(*pairs, strict=True)
    parameters = {"tenant_id": tenant_id, "connectors": list(connectors), "snapshots": list(snapshots)}
    return frozenset((await connection.execute(_TAKE, parameters)).scalars())
