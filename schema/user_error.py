"""What is wrong with a request, as data."""

import strawberry

from schema.enums import UserErrorCode
from schema.paths import graphql_path
from snapshots.errors import RequestError


@strawberry.type(
    description="Something that is wrong with a request and that the caller can correct. If there is one, "
    "nothing was done."
)
class UserError:
    """A finding about a request as a whole."""

    code: UserErrorCode = strawberry.field(description="What is wrong with the request, for programs.")
    message: str = strawberry.field(description="What is wrong with the request, as a sentence for people.")
    field: list[str] | None = strawberry.field(
        description='The path of the argument that is wrong, for example `["input", "topicIds", "3"]`. Null if it is '
        "not about one argument."
    )


def user_errors(error: RequestError) -> list[UserError]:
    """Return the findings of `error` as clients see them. An exception itself cannot be a value: GraphQL raises it."""
    return [UserError(code=one.code, message=one.message, field=_path(one)) for one in error.findings]


def _path(error: RequestError) -> list[str] | None:
    return None if error.field is None else graphql_path(error.field, inside=("input",))
