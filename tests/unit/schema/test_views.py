"""Every field of a type that views a record can be read off that record."""

import dataclasses

import pytest
from strawberry.types.base import StrawberryObjectDefinition

from schema.assembly import build_schema

TYPES = {
    kind.definition.name: kind.definition
    for kind in build_schema().schema_converter.type_map.values()
    if isinstance(kind.definition, StrawberryObjectDefinition) and hasattr(kind.definition.origin, "viewed")
}


def readable(record: type) -> set[str]:
    """The names of fields and properties."""
    own = {name for base in record.__mro__ for name, value in vars(base).items() if isinstance(value, property)}
    named = getattr(record, "_fields", ())
    return own | set(named or (field.name for field in dataclasses.fields(record)))


def test_there_are_views() -> None:
    assert {"Topic", "SourceConnector", "BulkSnapshot", "SourceSnapshot", "TopicSnapshot", "Signal"} <= TYPES.keys()


@pytest.mark.parametrize("name", sorted(TYPES))
def test_its_record_has_every_plain_field(name: str) -> None:
    definition = TYPES[name]
    plain = {field.python_name for field in definition.fields if field.is_basic_field}
    assert plain - readable(definition.origin.viewed) == set()
