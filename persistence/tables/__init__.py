"""The tables of Topicsnap as SQLAlchemy Core sees them; alembic/versions makes them, a test holds the two together.

Every table carries `tenant_id` and leads its primary key with it: an id means something only within its tenant, and
the composite foreign keys make a reference across tenants impossible. Words of a closed set are kept as text, because
sets grow. Secrets are never here: `*_ref` columns hold references (`env:NAME`, `file:/path`).
"""

from persistence.tables.catalog import connect_cluster, connector, topic
from persistence.tables.columns import metadata
from persistence.tables.following import dead_letter, failed_scan, notification_cursor
from persistence.tables.ledger import (
    active_snapshot,
    bulk_snapshot,
    ledger_event,
    signal,
    skipped_topic,
    snapshot_topic,
    source_snapshot,
)

__all__ = [
    "active_snapshot",
    "bulk_snapshot",
    "connect_cluster",
    "connector",
    "dead_letter",
    "failed_scan",
    "ledger_event",
    "metadata",
    "notification_cursor",
    "signal",
    "skipped_topic",
    "snapshot_topic",
    "source_snapshot",
    "topic",
]
