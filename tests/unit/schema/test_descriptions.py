"""Everything that introspection shows says what it is, for people who use the API."""

from collections.abc import Iterator

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    is_specified_directive,
    is_specified_scalar_type,
)

from schema.assembly import build_schema


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema()._schema


def described(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for name, kind in schema.type_map.items():
        if name.startswith("__") or is_specified_scalar_type(kind):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in kind.fields.items():
                yield f"{name}.{field_name}", field.description
                for argument_name, argument in field.args.items():
                    yield f"{name}.{field_name}({argument_name})", argument.description
        if isinstance(kind, GraphQLInputObjectType):
            for field_name, input_field in kind.fields.items():
                yield f"{name}.{field_name}", input_field.description
        if isinstance(kind, GraphQLEnumType):
            for value_name, value in kind.values.items():
                yield f"{name}.{value_name}", value.description


# The federation specification's own, which the library brings; gateways strip them.
FOREIGN = {"_FieldSet", "link__Import", "link__Purpose", "link__Purpose.SECURITY", "link__Purpose.EXECUTION"}


def test_everything_is_described(schema: GraphQLSchema) -> None:
    missing = {name for name, description in described(schema) if not (description or "").strip()}
    assert missing - FOREIGN == set()


def test_descriptions_are_sentences(schema: GraphQLSchema) -> None:
    odd = {
        name: description
        for name, description in described(schema)
        if name not in FOREIGN and not (description and description[-1] in ".)")
    }
    assert odd == {}


def test_enums_that_may_grow_say_so(schema: GraphQLSchema) -> None:
    enums = {name: kind for name, kind in schema.type_map.items() if isinstance(kind, GraphQLEnumType)}
    silent = {
        name
        for name, kind in enums.items()
        if not name.startswith("_") and "may be added" not in (kind.description or "")
    }
    assert silent - FOREIGN == {"SnapshotType"}


def test_directives_are_specified_or_of_federation(schema: GraphQLSchema) -> None:
    foreign = {directive.name for directive in schema.directives if not is_specified_directive(directive)}
    assert foreign <= {"key", "link", "shareable", "federation__key", "federation__shareable"}
