"""Everything that introspection shows says what it is, for people who use the API."""

import re
from collections import defaultdict
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


FEWEST_WORDS = 4
POINTING_AWAY = {"It", "Its", "They", "Their", "This", "That", "These", "Those", "He", "She"}
EMPTY = {"a", "an", "the", "of", "thi", "that", "it", "i", "in", "to", "for"}
"""Words that say nothing; a word's last s does not count."""


def test_everything_is_described(schema: GraphQLSchema) -> None:
    missing = {name for name, description in described(schema) if not (description or "").strip()}
    assert missing - FOREIGN == set()


def ours(schema: GraphQLSchema) -> dict[str, str]:
    return {name: description or "" for name, description in described(schema) if name not in FOREIGN}


def test_descriptions_are_sentences(schema: GraphQLSchema) -> None:
    odd = {
        name: text
        for name, text in ours(schema).items()
        if not (text.endswith(".") and (text[0].isupper() or text[0] == "`") and len(text.split()) >= FEWEST_WORDS)
    }
    assert odd == {}


def test_descriptions_stand_alone(schema: GraphQLSchema) -> None:
    """In the docs pane each is read without the ones around it."""
    riddles = {name: text for name, text in ours(schema).items() if text.split()[0].strip(",") in POINTING_AWAY}
    assert riddles == {}


def test_descriptions_say_more_than_the_name(schema: GraphQLSchema) -> None:
    def words(text: str) -> set[str]:
        return {word.lower().rstrip("s") for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", text)} - EMPTY

    repeated = {name: text for name, text in ours(schema).items() if words(text) <= words(name)}
    assert repeated == {}


def test_no_two_members_of_a_type_have_the_same_description(schema: GraphQLSchema) -> None:
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name, text in ours(schema).items():
        if "." in name and "(" not in name:
            names[name.split(".")[0], text].append(name)
    assert [alike for alike in names.values() if len(alike) > 1] == []


def test_what_is_not_produced_yet_says_so(schema: GraphQLSchema) -> None:
    waiting = ("SnapshotState.QUEUED", "SnapshotErrorCode.CONNECTOR_LOST", "SnapshotErrorCode.CONNECTOR_UNREACHABLE")
    assert all(ours(schema)[name].endswith("Not produced yet.") for name in waiting)
    assert "Not enforced yet" in ours(schema)["Viewer.permissions"]


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
