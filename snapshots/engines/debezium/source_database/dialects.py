"""The registration: which dialect can do what."""

from collections.abc import Collection, Mapping

from snapshots.engines.debezium.source_database.dialect import SourceDialect
from snapshots.engines.debezium.source_database.postgresql.health import inspect_database
from snapshots.engines.debezium.source_database.postgresql.rows import PostgresRows
from snapshots.engines.debezium.source_database.postgresql.signal_table import PostgresSignalTable
from snapshots.engines.debezium.source_database.postgresql.source_trial import PostgresSourceTrial
from snapshots.engines.debezium.source_database.postgresql.tables import read_tables
from snapshots.vocabulary import Dialect

Dialects = Mapping[Dialect, SourceDialect]

DIALECTS: Dialects = {
    Dialect.POSTGRESQL: SourceDialect(
        name="PostgreSQL",
        signal_table=PostgresSignalTable,
        read_tables=read_tables,
        inspect=inspect_database,
        trial=PostgresSourceTrial,
        rows=PostgresRows,
    ),
}
_UNKNOWN = SourceDialect(name="other")


def dialect_of(dialect: Dialect, dialects: Dialects = DIALECTS) -> SourceDialect:
    """Return what can be done at sources of `dialect`."""
    return dialects.get(dialect, _UNKNOWN)


def with_signal_tables(dialects: Dialects = DIALECTS) -> Collection[Dialect]:
    """Return the dialects whose signal tables Topicsnap can write."""
    return frozenset(key for key, dialect in dialects.items() if dialect.signal_table is not None)
