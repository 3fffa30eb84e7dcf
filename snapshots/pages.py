"""Pages of lists."""

from dataclasses import dataclass
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True)
class Page(Generic[ItemT]):
    """Some items of a list, in its order, each with its cursor (an opaque text from which to continue)."""

    items: tuple[ItemT, ...] = ()
    cursors: tuple[str, ...] = ()
    has_next: bool = False
    total_count: int | None = None
    """How many items the whole list has; None unless this was requested."""

    @property
    def start_cursor(self) -> str | None:
        """The cursor of the first item, None in an empty page."""
        return self.cursors[0] if self.cursors else None

    @property
    def end_cursor(self) -> str | None:
        """The cursor of the last item, None in an empty page."""
        return self.cursors[-1] if self.cursors else None
