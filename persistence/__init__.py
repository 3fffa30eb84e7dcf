"""Everything about PostgreSQL: tables, queries, the snapshot ledger, units of work, the queue, migrations.

May import snapshots; never Strawberry or Starlette. Every query filters by tenant.
"""
