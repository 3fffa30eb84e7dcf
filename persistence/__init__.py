"""Everything about PostgreSQL: tables, queries, the snapshot ledger, units of work, the queue, migrations.

Owns every SQL statement of Topicsnap's own database. May import snapshots; never Strawberry or Starlette. Core
statements only, no ORM. Every query filters by tenant, and no query runs in a loop over rows.
"""
