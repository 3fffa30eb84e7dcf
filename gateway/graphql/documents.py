"""Documents made ready to execute: parsed, measured and validated once, then taken from a bounded cache."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)
from graphql.validation import MaxIntrospectionDepthRule, NoSchemaIntrospectionCustomRule
from strawberry.extensions import SchemaExtension

from gateway.graphql.limits import OperationLimits, check_limits

CACHED_DOCUMENTS = 256
CACHED_LENGTH = 20_000
"""Longest document in characters that is kept, so that the cache is bounded in bytes too."""
MAX_VALIDATION_ERRORS = 10
"""Enough to mend a query by; a document of nothing but errors is not worth more of our time."""


@dataclass(frozen=True, slots=True)
class PreparedDocument:
    """A document that could be parsed, with what is wrong with it."""

    document: DocumentNode
    operations: int
    errors: tuple[GraphQLError, ...]


class Documents:
    """Prepares documents for one schema."""

    def __init__(self, limits: OperationLimits, *, introspection: bool, suggestions: bool) -> None:
        """Hold documents to `limits`; `suggestions` are names of the schema in the messages of errors."""
        self._limits = limits
        self._rules = [*specified_rules, MaxIntrospectionDepthRule]
        if not introspection:
            self._rules.append(NoSchemaIntrospectionCustomRule)
        self._hide_suggestions = not suggestions
        self._cached = lru_cache(CACHED_DOCUMENTS)(self._prepare)

    def prepare(self, query: str, schema: GraphQLSchema) -> PreparedDocument:
        """Return `query` prepared. Raises GraphQLError where it cannot be parsed."""
        return self._cached(query, schema) if len(query) <= CACHED_LENGTH else self._prepare(query, schema)

    def _prepare(self, query: str, schema: GraphQLSchema) -> PreparedDocument:
        document = parse(query, max_tokens=self._limits.tokens)
        errors = check_limits(document, self._limits) or validate(
            schema, document, self._rules, MAX_VALIDATION_ERRORS, self._hide_suggestions
        )
        operations = sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
        return PreparedDocument(document, operations, tuple(map(_plain, errors)))


def _plain(error: GraphQLError) -> GraphQLError:
    """Return `error` without what caused it: a literal that Python cannot read is the client's fault, not ours."""
    return error if error.original_error is None else GraphQLError(error.message, error.nodes)


class PrepareDocument(SchemaExtension):
    """Brings `Documents` into the life of one operation, whatever transport it came by."""

    def __init__(self, documents: Documents) -> None:
        """Take documents from `documents`."""
        super().__init__()
        self._documents = documents
        self._errors: list[GraphQLError] = []

    def on_parse(self) -> Iterator[None]:
        """Parse, unless that was done before."""
        context = self.execution_context
        prepared = self._documents.prepare(context.query or "", context.schema._schema)  # noqa: SLF001 (no other way)
        context.graphql_document = prepared.document
        self._errors = list(prepared.errors)
        if prepared.operations > 1 and context._provided_operation_name is None:  # noqa: SLF001 (no other way)
            # Left alone, Strawberry runs the first one; the GraphQL specification has this be an error.
            self._errors.append(GraphQLError("The document has several operations: name one by operationName."))
        yield

    def on_validate(self) -> Iterator[None]:
        """Hand over what was found; an empty list says that there is nothing left to validate."""
        self.execution_context.pre_execution_errors = self._errors
        yield
