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

    @classmethod
    def from_domain(cls, error: RequestError) -> "UserError":
        """Return what clients see of `error`."""
        field = None if error.field is None else graphql_path(error.field, inside=("input",))
        return cls(code=error.code, message=error.message, field=field)


def user_errors(error: RequestError) -> list[UserError]:
    """Return the findings of `error` as clients see them."""
    return [UserError.from_domain(finding) for finding in error.findings]
