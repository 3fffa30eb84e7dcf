"""Which connectors need a restart, as the failed scans on record say."""

from collections.abc import Iterable

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence.catalog.conditions import storable
from snapshots.restart_requirement import MOST_TABLES, RestartRequirement

_OPEN = text("""
    SELECT connector_id, min(failed_at) AS since,
           (array_agg(DISTINCT data_collection) FILTER (WHERE data_collection IS NOT NULL))[1:CAST(:most AS integer)]
               AS collections
    FROM failed_scan
    WHERE tenant_id = :tenant_id AND connector_id = ANY(CAST(:ids AS text[])) AND cleared_at IS NULL
    GROUP BY connector_id
""")


async def open_requirements(
    connection: AsyncConnection, tenant_id: str, source_ids: Iterable[str]
) -> dict[str, RestartRequirement]:
    """Return the requirements of the connectors `source_ids` that have one, by id. One statement."""
    parameters = {"tenant_id": tenant_id, "ids": storable(source_ids), "most": MOST_TABLES}
    rows = await connection.execute(_OPEN, parameters)
    return {row.connector_id: RestartRequirement(row.since, tuple(row.collections or ())) for row in rows}
