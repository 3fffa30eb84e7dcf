"""How large an operation may be, measured before it is validated.

The limiters that come with Strawberry walk every path through the fragments: twenty fragments that each spread the
next one twice take them seconds, thirty take hours (measured). Here each fragment is measured once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)


@dataclass(frozen=True, slots=True)
class OperationLimits:
    """The limits of one GraphQL operation; what is above is answered with an error, and nothing is done."""

    tokens: int
    """Tokens of the document; variables do not count, so lists of ids belong there."""
    depth: int
    """Fields within fields; introspection has a limit of its own in GraphQL's validation."""
    aliases: int
    """Aliases of the document, with fragments spread: what keeps one request from being many."""
    fields: int
    """Fields of the document, with fragments spread."""


@dataclass(slots=True)
class _Size:
    depth: int = 0
    aliases: int = 0
    fields: int = 0

    def add(self, other: "_Size", *, deeper: int = 0) -> None:
        self.depth = max(self.depth, other.depth + deeper)
        self.aliases += other.aliases
        self.fields += other.fields


def check_limits(document: DocumentNode, limits: OperationLimits) -> list[GraphQLError]:
    """Return an error for each limit that `document` passes, over all of its operations."""
    measure = _Measure(document)
    total = _Size()
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            total.add(measure.selections(definition.selection_set))
    found = (
        ("depth", "levels of fields", total.depth, limits.depth),
        ("aliases", "aliases", total.aliases, limits.aliases),
        ("fields", "fields", total.fields, limits.fields),
    )
    return [_error(limit, f"{what}, and may have {most}") for limit, what, size, most in found if size > most]


def _error(limit: str, rest: str) -> GraphQLError:
    message = f"The document has too many {rest}, counting fragments wherever they are spread."
    return GraphQLError(message, extensions={"code": "LIMIT_EXCEEDED", "limit": limit})


class _Measure:
    """Measures selection sets; the size of a fragment is worked out once."""

    def __init__(self, document: DocumentNode) -> None:
        self._fragments = {
            definition.name.value: definition
            for definition in document.definitions
            if isinstance(definition, FragmentDefinitionNode)
        }
        self._sizes: dict[str, _Size] = {}

    def selections(self, selection_set: SelectionSetNode | None) -> _Size:
        size = _Size()
        for part, deeper in self._parts(selection_set):
            size.add(part, deeper=deeper)
        return size

    def _parts(self, selection_set: SelectionSetNode | None) -> Iterator[tuple[_Size, int]]:
        for selection in selection_set.selections if selection_set else ():
            if isinstance(selection, FieldNode):
                yield _Size(0, int(selection.alias is not None), 1), 1
                # Introspection nests deep as a rule; MaxIntrospectionDepthRule stops what loops.
                inner = self.selections(selection.selection_set)
                yield inner, -inner.depth if selection.name.value.startswith("__") else 1
            elif isinstance(selection, InlineFragmentNode):
                yield self.selections(selection.selection_set), 0
            elif isinstance(selection, FragmentSpreadNode):
                yield self._fragment(selection.name.value), 0

    def _fragment(self, name: str) -> _Size:
        if name not in self._sizes:
            # Stands for the fragment within itself: a cycle, which validation refuses.
            self._sizes[name] = _Size()
            fragment = self._fragments.get(name)
            self._sizes[name] = self.selections(fragment.selection_set if fragment else None)
        return self._sizes[name]
