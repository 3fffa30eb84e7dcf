"""What the lists have in common: Relay connections with keyset cursors."""

from dataclasses import dataclass
from typing import Annotated, Any, Generic, NamedTuple, Protocol, TypeAlias, TypeVar

import strawberry

from schema.fields import computed, view
from snapshots.errors import RequestError
from snapshots.pages import Page
from snapshots.vocabulary import UserErrorCode

ItemT = TypeVar("ItemT")

MAX_PAGE = 500
DEFAULT_PAGE = 50

First: TypeAlias = Annotated[
    int,
    strawberry.argument(
        description=f"How many items to return, from 1 to {MAX_PAGE}. "
        "Another number is an error with code INVALID_VALUE."
    ),
]
After: TypeAlias = Annotated[
    str | None,
    strawberry.argument(
        description="Return the items after this cursor: pass the `endCursor` of the page before. A cursor that does "
        "not come from this list is an error with code INVALID_CURSOR."
    ),
]


class ReadPage(Protocol):
    """Reads pages of one list."""

    async def __call__(self, *, first: int, with_total: bool) -> Page[Any]:
        """Return the first `first` items, and the length of the whole list where `with_total`."""
        ...


class Edge(NamedTuple):
    """An item of a page with its cursor."""

    node: object
    cursor: str


@dataclass(frozen=True, slots=True)
class Listed(Generic[ItemT]):
    """A page as clients asked for it: what came after `after`."""

    page: Page[ItemT]
    after: str | None
    read: ReadPage | None = None
    """Reads further pages of the same list; None where its length is told to nobody."""

    @property
    def edges(self) -> list[Edge]:
        """The items with their cursors."""
        return list(map(Edge, self.page.items, self.page.cursors))

    @property
    def page_info(self) -> "Listed[ItemT]":
        """Where the page stands: it tells that itself."""
        return self

    @property
    def has_next_page(self) -> bool:
        """Whether something follows."""
        return self.page.has_next

    @property
    def has_previous_page(self) -> bool:
        """Whether something came before."""
        return self.after is not None

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item, None in an empty page."""
        return self.page.start_cursor

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item, None in an empty page."""
        return self.page.end_cursor


@view(Listed, shareable=True, description="Where a page stands in its list.")
class PageInfoType:
    """Relay's PageInfo; shareable, because other subgraphs have one as well."""

    has_next_page: bool = strawberry.field(description="Whether there are more items after this page.")
    has_previous_page: bool = strawberry.field(
        description="Whether there are items before this page. True if `after` was given."
    )
    start_cursor: str | None = strawberry.field(
        description="The cursor of the first item of this page. Null if the page is empty."
    )
    end_cursor: str | None = strawberry.field(
        description="The cursor of the last item of this page. Null if the page is empty."
    )


@view(Edge, description="One item of a page, with its cursor.")
class EdgeType(Generic[ItemT]):
    """Relay's edge, of items of any type."""

    node: ItemT = strawberry.field(description="The item itself, as the list holds it.")
    cursor: str = strawberry.field(
        description="The place of the item in the list. Pass it as `after` to continue from here."
    )


@view(Listed, description="A page of a list.")
class ConnectionType(Generic[ItemT]):
    """Relay's connection; each list has one of its own by its own name."""

    edges: list[EdgeType[ItemT]] = strawberry.field(description="The items of this page, each with its cursor.")
    page_info: PageInfoType = strawberry.field(
        description="Whether there are pages before and after this one, and its first and last cursor."
    )


async def _total_count(listed: strawberry.Parent[Listed[Any]]) -> int | None:
    """Count when asked: a statement that only those who ask pay for."""
    return (await listed.read(first=1, with_total=True)).total_count if listed.read else None


TOTAL_COUNT: Any = computed(
    _total_count,
    "The number of items in the whole list, counted when you select this field. Null in a list within a list.",
    type=int | None,
)


def check_first(first: int) -> None:
    """Raise RequestError where `first` is no page size."""
    if not 1 <= first <= MAX_PAGE:
        message = f"first is 1 to {MAX_PAGE}; got {first}."
        raise RequestError(UserErrorCode.INVALID_VALUE, message, ("first",))


def check_count(name: str, count: int, most: int) -> None:
    """Raise RequestError where the list argument `name` has more than `most` items."""
    if count > most:
        raise RequestError(UserErrorCode.INVALID_VALUE, f"{name} takes at most {most} items; got {count}.", (name,))
