"""The operations of the commands: each fits the committed schema, and selects what the commands read."""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args, get_type_hints, is_typeddict

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    parse,
    validate,
)

from gateway.cli.bulk_snapshots import BulkSnapshotData
from gateway.cli.changes import ChangesData
from gateway.cli.commands.doctor import CheckedSource
from gateway.cli.operations import document
from gateway.cli.verdicts import VerifiedSnapshot
from gateway.graphql.limits import OperationLimits, check_limits
from gateway.settings import Settings

FOLDER = Path(__file__).parents[4] / "gateway" / "cli" / "operations"
SCHEMA = build_schema((FOLDER.parents[2] / "schema" / "schema.graphql").read_text("utf-8"), assume_valid_sdl=True)
DEFAULTS = {name: field.default for name, field in Settings.model_fields.items()}
LIMITS = OperationLimits(
    tokens=DEFAULTS["query_token_limit"],
    depth=DEFAULTS["query_depth_limit"],
    aliases=DEFAULTS["query_alias_limit"],
    fields=DEFAULTS["query_field_limit"],
)
OPERATIONS = sorted(path.stem for path in FOLDER.glob("*.graphql") if path.stem.islower())


@pytest.mark.parametrize("name", OPERATIONS)
def test_it_fits_the_schema_and_the_limits_of_a_gateway(name: str) -> None:
    parsed = parse(document(name))
    assert validate(SCHEMA, parsed) == []
    assert check_limits(parsed, LIMITS) == []
    operations = [one for one in parsed.definitions if isinstance(one, OperationDefinitionNode)]
    assert [str(one.name and one.name.value).startswith("Command") for one in operations] == [True]


def test_no_fragment_is_left_over() -> None:
    spread = {word for name in OPERATIONS for word in document(name).split() if word.startswith("...")}
    fragments = {f"...{path.stem}" for path in FOLDER.glob("*.graphql") if not path.stem.islower()}
    assert fragments <= spread
    assert fragments


@pytest.mark.parametrize(
    ("name", "path", "read"),
    [
        ("bulk_snapshot", ("bulkSnapshot",), BulkSnapshotData),
        ("snapshot", ("bulkSnapshotTopics", "bulkSnapshot"), BulkSnapshotData),
        ("retry", ("retryBulkSnapshot", "bulkSnapshot"), BulkSnapshotData),
        ("sync", ("syncCatalog", "topics"), ChangesData),
        ("health", ("nodes",), CheckedSource),
    ],
    ids=lambda given: given if isinstance(given, str) else None,
)
def test_what_is_read_is_selected(name: str, path: tuple[str, ...], read: type) -> None:
    parsed = parse(document(name))
    fragments = {one.name.value: one for one in parsed.definitions if isinstance(one, FragmentDefinitionNode)}
    (operation,) = (one for one in parsed.definitions if isinstance(one, OperationDefinitionNode))
    fields = dict(_fields(operation.selection_set, fragments))
    for step in path:
        fields = dict(_fields(fields[step].selection_set, fragments))
    assert list(_missing(read, fields, fragments)) == []


def test_of_a_verification_only_the_topics_are_read() -> None:
    hints = get_type_hints(VerifiedSnapshot)
    assert set(hints) == {"id", "topics"}
    for field in ("verification", "verdict", "verdictReason", "topic { id name }"):
        assert field in document("verdicts")


def _fields(
    selections: SelectionSetNode | None, fragments: dict[str, FragmentDefinitionNode]
) -> Iterator[tuple[str, FieldNode]]:
    for one in selections.selections if selections else ():
        match one:
            case FieldNode():
                yield one.name.value, one
            case FragmentSpreadNode():
                yield from _fields(fragments[one.name.value].selection_set, fragments)
            case InlineFragmentNode():
                yield from _fields(one.selection_set, fragments)


def _missing(read: type, fields: dict[str, FieldNode], fragments: dict[str, FragmentDefinitionNode]) -> Iterator[str]:
    for name, hint in get_type_hints(read).items():
        if name not in fields:
            yield f"{read.__name__}.{name}"
            continue
        for part in (*get_args(hint), hint):
            inner = dict(_fields(fields[name].selection_set, fragments))
            if is_typeddict(part):
                yield from _missing(part, inner, fragments)
