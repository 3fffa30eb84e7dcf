"""Which types of PostgreSQL an incremental snapshot can read a table by, as tried on Debezium 3.6.3. Pure.

Debezium keeps the key of the last row that it has sent in its offset, and binds it in the query for the next chunk.
There is such a query even for a table of one row: only a chunk without rows ends a table.
"""

from dataclasses import dataclass
from enum import Enum, auto


class KeyTrouble(Enum):
    """What goes wrong with a column in a key."""

    NOT_STORED = auto()
    """Its values cannot be serialised into the offset: the task fails, and again at each restart."""
    NOT_BOUND = auto()
    """The database refuses the query for the next chunk: the table fails, and spoils those after it."""
    NOT_SENT = auto()
    """It is missing in the key of the records, or empty there, so that rows pass for one another and are lost."""


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column, and what is behind its type where that is a domain."""

    name: str
    type: str
    """As PostgreSQL writes it, for people."""
    base: str
    """`pg_type.typname` of the type behind all domains; of an array, that of its elements, which may be a domain."""
    kind: str
    """`pg_type.typtype` of the base: b(ase), c(omposite), d(omain), e(num), m(ultirange), r(ange)."""
    is_array: bool = False
    """Whether it is an array, or one of the vectors that the system's catalogue is made of."""
    is_flat: bool = False
    """Whether it is not declared as an array of several dimensions."""
    serves: bool = False
    """Whether it is unique by itself, always and in all rows, and never null."""


_NOT_BOUND = frozenset({"bit", "hstore", "money", "time", "timestamp", "timestamptz", "timetz"})
_BOUND = frozenset(
    {
        *("bool", "int2", "int4", "int8", "float4", "float8", "numeric", "oid"),
        *("text", "varchar", "bpchar", "char", "name", "bytea", "tsvector", "uuid", "varbit", "jsonb"),
        *("date", "interval", "inet", "cidr", "macaddr", "macaddr8"),
        *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
        # Of extensions. PostGIS was not tried: Debezium knows its types, so they are in the keys of records.
        *("citext", "ltree", "vector", "halfvec", "sparsevec", "geometry", "geography"),
    }
)
"""The types that Debezium knows, besides enumerations and those above."""
_SENT_IN_ARRAYS = frozenset(
    {
        *("int2", "int4", "int8", "float4", "float8", "numeric", "oid", "text", "varchar", "bpchar", "char", "bytea"),
        *("uuid", "jsonb", "date", "time", "timetz", "timestamp", "timestamptz", "inet", "cidr", "citext"),
    }
)
"""Types whose arrays are whole in the keys of records. Those of domains are missing, and so are many others."""
_SURROGATES = frozenset({"int2", "int4", "int8", "text", "uuid", "varchar"})
"""Types to recommend: whatever value they hold, it is bound and compared as the database orders it."""


def reading_trouble(column: KeyColumn) -> KeyTrouble | None:
    """Return what goes wrong where a table is read in chunks by `column`; None where nothing does."""
    if column.is_array:
        return KeyTrouble.NOT_STORED
    return KeyTrouble.NOT_BOUND if column.base in _NOT_BOUND else None


def is_sent(column: KeyColumn, *, sends_unknown_types: bool) -> bool:
    """Whether the keys of records tell rows apart by `column`."""
    if column.is_array:
        return column.is_flat and (column.kind == "e" or column.base in _SENT_IN_ARRAYS)
    return sends_unknown_types or column.kind == "e" or column.base in _BOUND | _NOT_BOUND


def is_good_surrogate(column: KeyColumn) -> bool:
    """Whether a table can be read by `column` alone without a loss."""
    return column.serves and not column.is_array and column.base in _SURROGATES
