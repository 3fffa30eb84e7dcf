r"""Which data collections a connector captures, by its include and exclude lists. Pure.

The lists hold Java regexes between commas (a comma within one is written `\,`) that match a whole name in any case
(docs: `table.include.list` and its kin). Python reads nearly all of them alike; one that it cannot read makes the
answer unknown rather than wrong.
"""

import re
from collections.abc import Callable

from snapshots.engines.debezium.configuration import naming
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.java_patterns import java_pattern
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.vocabulary import Dialect

_COMMA = re.compile(r"(?<!\\),")
_LITERAL = re.compile(r"(?:[\w .#@/-]|\\[.$\-+])+")
Captures = Callable[[str], bool]
"""Tells of a data collection, named as in a signal, whether the connector captures it."""


def captures(config: Config) -> Captures | None:
    """Return the connector's filter; None where its lists cannot be read here."""
    table = "collection" if configuration.dialect(config) is Dialect.MONGODB else "table"
    try:
        outer = [_filter(config, name) for name in ("database", "schema")]
        inner = _filter(config, table)
    except re.error:
        return None
    by_database, by_schema = outer
    dialect = configuration.dialect(config)

    def captured(data_collection: str) -> bool:
        database, schema, name = _parts(dialect, data_collection)
        return (not database or by_database(database)) and (not schema or by_schema(schema)) and inner(name)

    return captured


def literal_collections(config: Config) -> tuple[str, ...]:
    """The collections that the include list names outright, without a pattern, as signals name them."""
    dialect = configuration.dialect(config)
    entries = _entries(config.get("collection.include.list" if dialect is Dialect.MONGODB else "table.include.list"))
    names = [re.sub(r"\\(.)", r"\1", entry) for entry in entries if _LITERAL.fullmatch(entry)]
    if dialect is Dialect.ORACLE:
        database = naming.oracle_database(config)
        names = [f"{database}.{name}" for name in names] if database else []
    if dialect is Dialect.SQLSERVER:
        databases = configuration.listed(config, "database.names", default="")
        names = [f"{database}.{name}" for database in databases for name in names]
    captured = captures(config)
    return tuple(dict.fromkeys(name for name in names if "." in name and (captured is None or captured(name))))


def _filter(config: Config, what: str) -> Captures:
    included = _patterns(config.get(f"{what}.include.list"))
    excluded = _patterns(config.get(f"{what}.exclude.list"))

    def passes(name: str) -> bool:
        if included:
            return any(pattern.fullmatch(name) for pattern in included)
        return not any(pattern.fullmatch(name) for pattern in excluded)

    return passes


def _patterns(text: str | None) -> tuple[re.Pattern[str], ...]:
    return tuple(map(java_pattern, _entries(text)))


def _entries(text: str | None) -> list[str]:
    return [entry.strip().replace(r"\,", ",") for entry in _COMMA.split(text or "") if entry.strip()]


def _parts(dialect: Dialect, data_collection: str) -> tuple[str, str, str]:
    """Return database, schema and the name that the table list is matched with; empty where there is none."""
    first, _, rest = data_collection.partition(".")
    if dialect in {Dialect.MYSQL, Dialect.MARIADB, Dialect.MONGODB}:
        return first, "", data_collection
    if dialect in {Dialect.SQLSERVER, Dialect.ORACLE}:
        return first, rest.partition(".")[0], rest
    return "", first, data_collection
