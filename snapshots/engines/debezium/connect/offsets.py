"""What the offsets of a connector tell of its incremental snapshot: a way to see one that is not reported.

Debezium keeps an incremental snapshot's place in the offsets under keys that begin with `incremental_snapshot_`, and
takes them out when it has ended (seen on 3.6.3 and Kafka Connect 4.3). Kafka Connect writes offsets once a minute,
unless it is told otherwise.
"""

import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.errors import ClusterUnreachableError
from snapshots.model import SourceConnector
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.signalling.names import plain_name

logger = logging.getLogger(__name__)

_CORRELATION_ID = "incremental_snapshot_correlation_id"
_COLLECTIONS = "incremental_snapshot_collections"
_COLLECTION_ID = "incremental_snapshot_collections_id"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The time of the last change: in microseconds for PostgreSQL, in seconds for MySQL and MariaDB.
_TIMES = {"ts_usec": 1_000_000, "ts_sec": 1, "ts_ms": 1_000}
_LATEST_SECONDS = 4_102_444_800  # the year 2100


class OffsetsProbe:
    """Implements the port SnapshotProbe by `GET /connectors/{name}/offsets`."""

    def __init__(self, client: ConnectClient) -> None:
        """Ask by `client`."""
        self._client = client

    async def look(self, source: SourceConnector) -> OffsetsReport | None:
        """Return what the offsets of `source` tell, None where they cannot be read, or nothing was written yet."""
        try:
            offsets = await self._client.connector_offsets(source.cluster, source.name)
        except ClusterUnreachableError as error:
            logger.info("the offsets of connector %s are not known: %s", source.name, error)
            return None
        return sight_of(offsets)


def sight_of(offsets: Iterable[Mapping[str, Any]]) -> OffsetsReport | None:
    """Return what `offsets` tell, None where there are none. Never raises.

    Of several partitions (SQL Server has one a database) the one with a snapshot counts.
    """
    sights = [_sight(offset) for offset in offsets if offset]
    return next((sight for sight in sights if sight.correlation_id is not None), sights[0] if sights else None)


def _sight(offset: Mapping[str, Any]) -> OffsetsReport:
    collections = _collections(offset.get(_COLLECTIONS))
    correlation_id = offset.get(_CORRELATION_ID)
    is_running = isinstance(correlation_id, str) or bool(collections)
    return OffsetsReport(
        correlation_id=str(correlation_id or "") if is_running else None,
        collections=collections,
        reached_at=_time(offset),
    )


def _collections(value: object) -> tuple[str, ...]:
    try:
        listed = orjson.loads(value) if isinstance(value, str) else value
    except orjson.JSONDecodeError:
        return ()
    if not isinstance(listed, list):
        return ()
    names = (entry.get(_COLLECTION_ID) for entry in listed if isinstance(entry, dict))
    return tuple(plain_name(name) for name in names if isinstance(name, str))


def _time(offset: Mapping[str, Any]) -> datetime | None:
    for key, parts in _TIMES.items():
        value = offset.get(key)
        if isinstance(value, int) and 0 < value / parts < _LATEST_SECONDS:
            return _EPOCH + timedelta(seconds=value / parts)
    return None
