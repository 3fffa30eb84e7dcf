"""What the lists have in common: Relay connections with keyset cursors."""

from typing import Annotated, Any, Protocol, Self, TypeAlias

import strawberry

from snapshots.catalog.contents import Page
from snapshots.errors import RequestError
from snapshots.vocabulary import UserErrorCode

MAX_PAGE = 500
DEFAULT_PAGE = 50

First: TypeAlias = Annotated[
    int, strawberry.argument(description=f"How many to return, 1 to {MAX_PAGE}; else an error with code INVALID_VALUE.")
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Return what follows this cursor, the `endCursor` of the page before. One that this connection did "
        "not give is an error with code INVALID_CURSOR."
    ),
]


@strawberry.federation.type(shareable=True, description="Where a page stands in its list.")
class PageInfo:
    """Relay's PageInfo; shareable, because other subgraphs have one as well."""

    has_next_page: bool = strawberry.field(description="Whether something follows.")
    has_previous_page: bool = strawberry.field(description="Whether something came before, which is so with `after`.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first item; null in an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last item; null in an empty page.")

    @classmethod
    def of(cls, page: Page[Any], *, after: str | None) -> Self:
        """Return what clients see of `page`, which came after the cursor `after`."""
        return cls(
            has_next_page=page.has_next,
            has_previous_page=after is not None,
            start_cursor=page.start_cursor,
            end_cursor=page.end_cursor,
        )


class ReadPage(Protocol):
    """Reads pages of one list."""

    async def __call__(self, *, first: int, with_total: bool) -> Page[Any]:
        """Return the first `first` items, and the length of the whole list where `with_total`."""
        ...


async def count_all(read: ReadPage | None) -> int | None:
    """Return the length of the list that `read` reads, None for none; a statement that only those who ask pay for."""
    return (await read(first=1, with_total=True)).total_count if read else None


TOTAL_COUNT = "How many the whole list has, counted when asked; null in a list within a list."


def check_first(first: int) -> None:
    """Raise RequestError where `first` is no page size."""
    if not 1 <= first <= MAX_PAGE:
        message = f"first is 1 to {MAX_PAGE}; got {first}."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("first",))
