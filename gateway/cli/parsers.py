"""How the values of options are read. What is wrong with one is said here, because Typer would quote Pydantic."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeVar

import typer

EnumT = TypeVar("EnumT", bound=StrEnum)


def moment(text: str) -> datetime:
    """Return the moment that `text`, ISO 8601, means: UTC where it says no offset, midnight where it says no time."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text} is no moment; write 2026-05-17, or 2026-05-17T09:30:00Z."
        raise typer.BadParameter(message) from None


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """Return what reads a whole number from `lowest` to `highest`."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = None
        if number is None or not lowest <= number <= highest:
            message = f"{text} is no whole number from {lowest:,} to {highest:,}."
            raise typer.BadParameter(message)
        return number

    return read


def one_of(kind: type[EnumT]) -> Callable[[str], EnumT]:
    """Return what reads a member of `kind`, in upper or lower case."""

    def read(text: str) -> EnumT:
        for member in kind:
            if member.value.lower() == text.lower():
                return member
        message = f"{text} is none of {choices(kind)}."
        raise typer.BadParameter(message)

    return read


def choices(kind: type[StrEnum]) -> str:
    """Return the members of `kind` in a row, for messages and for the help."""
    return ", ".join(member.value for member in kind)
