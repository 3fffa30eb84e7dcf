r"""Which data collections a connector captures, by its include and exclude lists. Pure.

The lists hold Java regexes between commas (a comma within one is written `\,`) that match a whole name in any case
(docs: `table.include.list` and its kin). Python reads nearly all of them alike; one that it cannot read makes the
answer unknown rather than wrong.
"""

import re
from collections.abc import Callable, Sequence

from snapshots.engines.debezium.configuration import naming
from snapshots.engines.debezium.configuration import properties as configuration
from snapshots.engines.debezium.configuration.properties import Config
from snapshots.vocabulary import Dialect

_COMMA = re.compile(r"(?<!\\),")
_LITERAL = re.compile(r"(?:[\w .#@/-]|\\[.$\-+])+")
_NOT_PYTHON = re.compile(r"\$\{|&&|\[\[")
"""A reference to a configuration provider; what is a set of characters in Java, and something else in Python."""

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


def has_custom_key(config: Config, data_collection: str) -> bool:
    """Whether `message.key.columns` gives the collection a key: `regex:column,…` between semicolons."""
    for entry in config.get("message.key.columns", "").split(";"):
        pattern, colon, columns = entry.strip().rpartition(":")
        try:
            if colon and columns and _pattern(pattern).fullmatch(data_collection):
                return True
        except re.error:
            continue
    return False


class UnreadableKeyError(ValueError):
    """`message.key.columns` cannot be read here: its message is a clause that says so."""

    def __init__(self) -> None:
        super().__init__("`message.key.columns` of its configuration cannot be read")


def custom_key(setting: str, data_collection: str, columns: Sequence[str]) -> list[str]:
    """Return which `columns` of the collection `message.key.columns` makes its key; none where it names none.

    Each entry's pattern and each of its columns are one pattern, in any case, of `schema.table.column`.
    Raises UnreadableKeyError for what only Java, or a configuration provider, understands.
    """
    if _NOT_PYTHON.search(setting):
        raise UnreadableKeyError
    found: list[str] = []
    for entry in filter(None, map(str.strip, setting.split(";"))):
        tables, _, names = entry.partition(":")
        for name in names.split(","):
            try:
                pattern = _pattern(f"{tables}.{name}")
            except re.error:
                raise UnreadableKeyError from None
            found += [column for column in columns if pattern.fullmatch(f"{data_collection}.{column}")]
    return list(dict.fromkeys(found))


def _filter(config: Config, what: str) -> Captures:
    included = _patterns(config.get(f"{what}.include.list"))
    excluded = _patterns(config.get(f"{what}.exclude.list"))

    def passes(name: str) -> bool:
        if included:
            return any(pattern.fullmatch(name) for pattern in included)
        return not any(pattern.fullmatch(name) for pattern in excluded)

    return passes


def _patterns(text: str | None) -> tuple[re.Pattern[str], ...]:
    return tuple(map(_pattern, _entries(text)))


def _pattern(text: str) -> re.Pattern[str]:
    """Return the pattern that Java and Python read alike. Raises re.error for another."""
    if _NOT_PYTHON.search(text):
        raise re.error("only Java, or a configuration provider, understands it")
    return re.compile(text, re.IGNORECASE)


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
