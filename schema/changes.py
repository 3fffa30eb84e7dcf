"""What breaks clients or federation gateways between two states of the schema."""

from collections.abc import Iterable

from graphql import (
    BreakingChangeType,
    DangerousChangeType,
    GraphQLSchema,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    build_ast_schema,
    find_breaking_changes,
    find_dangerous_changes,
    parse,
    print_ast,
)

# Who leaves the argument out gets another answer than before; clients are told to expect the other dangerous ones, such
# as further enum values.
_SILENT = {DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE}


def find_breaks(released: str, current: str) -> list[str]:
    """Return a sentence for each change from one SDL to the other that breaks somebody, in alphabetical order.

    graphql-core's own findings, changed defaults of arguments, and entities that lost a key: other subgraphs that refer
    to them by it would not compose any more. Raises GraphQLSyntaxError for a text that is no SDL.
    """
    old, new = _build(released), _build(current)
    breaking = [_say(change.type, change.description) for change in find_breaking_changes(old, new)]
    silent = [
        _say(change.type, change.description) for change in find_dangerous_changes(old, new) if change.type in _SILENT
    ]
    return sorted({*breaking, *silent, *_lost_keys(released, current)})


def read_accepted(text: str) -> set[str]:
    """Return the sentences of a file of accepted changes: its lines, without comments."""
    return {line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")}


def _build(sdl: str) -> GraphQLSchema:
    # Not validated: federation's directives are linked, not defined.
    return build_ast_schema(parse(sdl), assume_valid_sdl=True)


def _say(kind: BreakingChangeType | DangerousChangeType, description: str) -> str:
    return f"{kind.name}: {description}"


def _lost_keys(released: str, current: str) -> Iterable[str]:
    left = _keys(current)
    return (f"KEY_REMOVED: {name} lost {key}." for name, key in _keys(released) - left)


def _keys(sdl: str) -> set[tuple[str, str]]:
    return {
        (definition.name.value, print_ast(directive))
        for definition in parse(sdl).definitions
        if isinstance(definition, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode)
        for directive in definition.directives or ()
        if directive.name.value == "key"
    }
