"""What the signal table's shape, key, grants and size mean for snapshots. Pure.

The documented table is `id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data VARCHAR(2048) NULL` (docs: Sending
signals to a connector). Debezium writes its watermarks by position, with ids of 42 characters.
"""

from collections.abc import Iterator

from snapshots.health.findings import HealthCheck, HealthFinding, error, info, ok, unknown, warning
from snapshots.health.names import some
from snapshots.model import DOCUMENTED_SIGNAL_DATA_CHARACTERS, SourceConnector
from snapshots.ports.inspector import ConnectorSettings, InspectedConnector, InspectedDatabase, InspectedSignalTable
from snapshots.ports.unknown import Unknown

COLUMNS = ("id", "type", "data")
_SHORTEST = {"id": 42, "type": 21}  # a UUID with `-close`; `snapshot-window-close`
_TEXTS = {"text", "character varying", "character", "citext"}
_ALSO = {"id": {"uuid"}, "type": set[str](), "data": {"json", "jsonb"}}
LARGE_ROWS = 10_000
_DDL = "CREATE TABLE … (id VARCHAR(42) PRIMARY KEY, type VARCHAR(32) NOT NULL, data TEXT NULL)"


def signal_table_findings(
    source: SourceConnector, connector: InspectedConnector, database: InspectedDatabase | None
) -> Iterator[HealthFinding]:
    """Yield the findings about the signal table; nothing if the connector needs none."""
    settings = connector.settings
    name = settings.signal_collection
    by_table = source.channel.uses_table
    if name is None or (settings.read_only and not by_table):
        return
    if by_table and source.signal_collection != name:
        message = f"The catalogue has the signal table {source.signal_collection}, but the connector reads {name}."
        remedy = "Run `topicsnap sync`. If the table comes from an import, correct it there."
        yield error(HealthCheck.SIGNAL_TABLE, name, message, remedy)
    if database is None:
        yield unknown(HealthCheck.SIGNAL_TABLE, name, f"Topicsnap does not check signal tables of {settings.dialect}.")
        return
    table = database.signal_table
    if table is None:
        message = "The signal table does not exist, or Topicsnap's credentials cannot see it."
        yield error(HealthCheck.SIGNAL_TABLE, name, message, f"Create it: {_DDL}, and restart the connector.")
        return
    yield ok(HealthCheck.SIGNAL_TABLE, name, "The signal table exists.")
    yield _columns(name, table)
    yield _key(name, table, settings)
    yield _grants(name, table, settings, by_table=by_table)
    yield _captured(name, table, connector, database)
    yield _size(name, table, settings)


def _columns(name: str, table: InspectedSignalTable) -> HealthFinding:
    code, remedy = HealthCheck.SIGNAL_TABLE_COLUMNS, f"Recreate it: {_DDL}."
    names = tuple(column.name for column in table.columns)
    if names != COLUMNS:
        message = f"The columns are {some(names)}; Debezium needs exactly id, type and data, in this order."
        return error(code, name, message, remedy)
    for column in table.columns:
        if column.type not in _TEXTS | _ALSO[column.name]:
            return error(
                code, name, f"The column {column.name} is of type {column.type}, which is not a text type.", remedy
            )
        shortest = _SHORTEST.get(column.name, 0)
        if column.length is not None and column.length < shortest:
            message = f"The column {column.name} holds {column.length} characters; Debezium writes up to {shortest}."
            return error(code, name, message, remedy)
    data = table.columns[-1]
    if data.not_null:
        message = "The column data does not allow nulls, which older Debezium versions write."
        return warning(code, name, message, f"ALTER TABLE {name} ALTER COLUMN data DROP NOT NULL.")
    if data.length is not None and data.length < DOCUMENTED_SIGNAL_DATA_CHARACTERS:
        message = (
            f"The column data holds {data.length} characters, so requests for many tables are split into several "
            "signals."
        )
        return info(code, name, message, "Make it TEXT.")
    return ok(code, name, "It has the columns id, type and data, with suitable types.")


def _key(name: str, table: InspectedSignalTable, settings: ConnectorSettings) -> HealthFinding:
    code, remedy = HealthCheck.SIGNAL_TABLE_KEY, f"ALTER TABLE {name} ADD PRIMARY KEY (id)."
    if table.primary_key == ("id",):
        return ok(code, name, "Its primary key is id.")
    if table.primary_key:
        message = f"Its primary key is {some(table.primary_key)}, so the same signal could be stored twice."
        return warning(code, name, message, remedy)
    if settings.deletes_watermarks:
        message = (
            "It has no primary key. PostgreSQL refuses to delete from a published table without one, but the "
            "watermarking strategy insert_delete deletes after each chunk."
        )
        return error(code, name, message, remedy)
    message = "It has no primary key, so a signal that is sent again could run twice."
    return error(code, name, message, remedy)


def _grants(name: str, table: InspectedSignalTable, settings: ConnectorSettings, *, by_table: bool) -> HealthFinding:
    code, subject = HealthCheck.SIGNAL_TABLE_GRANTS, name
    ours = [privilege for privilege in table.lacking if privilege in {"INSERT", "SELECT", "USAGE"}] if by_table else []
    if ours:
        message = f"Topicsnap's credentials lack {some(ours)} on the signal table."
        return error(code, subject, message, f"GRANT INSERT, SELECT ON {name} TO the user of database_url_ref.")
    if isinstance(table.connector_lacking, Unknown):
        return unknown(code, subject, table.connector_lacking.reason)
    needed = {"INSERT", "SELECT", "USAGE"} | ({"DELETE"} if settings.deletes_watermarks else set())
    theirs = [privilege for privilege in table.connector_lacking if privilege in needed]
    if theirs and not settings.read_only:
        message = f"The connector's user lacks {some(theirs)} on the signal table, where it writes its watermarks."
        return error(code, subject, message, f"GRANT INSERT, SELECT, DELETE ON {name} TO the connector's user.")
    return ok(code, subject, "All who need to write to it have the privileges.")


def _captured(
    name: str, table: InspectedSignalTable, connector: InspectedConnector, database: InspectedDatabase
) -> HealthFinding:
    """Judge by the publication if there is one.

    The connector's lists need not include the table then: Debezium 3.6 adds it to a publication that it creates, and
    reads its rows as signals anyway (seen; its documentation asks for the table in `table.include.list`).
    """
    code, passes = HealthCheck.SIGNAL_TABLE_CAPTURED, connector.signal_table_captured
    if database.publication_exists is False:
        message = "The connector's publication does not exist in this database."
        return error(code, name, message, "Restart the connector, or create the publication.")
    if table.published is False:
        message = (
            "The connector's publication does not include inserts into the signal table, so the connector never "
            "sees a signal."
        )
        remedy = (
            "Add the table (ALTER PUBLICATION … ADD TABLE), or restart the connector "
            "(publication.autocreate.mode=filtered)."
        )
        return error(code, name, message, remedy)
    if table.published or passes:
        return ok(code, name, "The connector captures it.")
    if passes is None:
        return unknown(code, name, "Topicsnap cannot evaluate the connector's include and exclude lists.")
    message = (
        "The connector's include and exclude lists leave out the signal table, so the connector may never see a signal."
    )
    return warning(code, name, message, "Add the table to table.include.list and restart the connector.")


def _size(name: str, table: InspectedSignalTable, settings: ConnectorSettings) -> HealthFinding:
    code = HealthCheck.SIGNAL_TABLE_SIZE
    remedy = "Set incremental.snapshot.watermarking.strategy=insert_delete, or delete old rows from time to time."
    if table.rows is not None and table.rows >= LARGE_ROWS:
        return warning(code, name, f"It has about {table.rows:,} rows.", remedy)
    rows = "The database has no estimate of its rows" if table.rows is None else f"It has about {table.rows:,} rows"
    if not settings.deletes_watermarks and not settings.read_only:
        return info(code, name, f"{rows}; it grows by two for each chunk of an incremental snapshot.", remedy)
    return ok(code, name, f"{rows}, and the watermarks are deleted.")
