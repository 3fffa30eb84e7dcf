"""What is wrong with a request, as data."""

import strawberry

from schema.enums import UserErrorCode
from schema.paths import graphql_path
from snapshots.errors import RequestError


@strawberry.type(description="Something the caller can put right. Where there is one, nothing was done.")
class UserError:
    """A finding about a request as a whole."""

    code: UserErrorCode = strawberry.field(description="What is wrong, for programs.")
    message: str = strawberry.field(description="What is wrong, for people.")
    field: list[str] | None = strawberry.field(
        description='The path of the argument, for example `["input", "topicIds", "3"]`; null where it is the whole.'
    )


def user_errors(error: RequestError) -> list[UserError]:
    """Return the findings of `error` as clients see them. An exception itself cannot be a value: GraphQL raises it."""
    return [UserError(code=one.code, message=one.message, field=_path(one)) for one in error.findings]


def _path(error: RequestError) -> list[str] | None:
    return None if error.field is None else graphql_path(error.field, inside=("input",))
