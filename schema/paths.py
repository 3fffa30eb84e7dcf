"""Paths into a request: the core names fields in snake_case, GraphQL in camelCase."""

from strawberry.utils.str_converters import to_camel_case

from snapshots.errors import FieldPath


def graphql_path(path: FieldPath, *, inside: tuple[str, ...] = ()) -> list[str]:
    """Return `path` as GraphQL clients know it, below the argument that the names `inside` lead to."""
    return [*inside, *(to_camel_case(str(part)) for part in path)]
