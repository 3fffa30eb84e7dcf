"""Moments as options of commands."""

from datetime import UTC, datetime

import typer


def moment(text: str) -> datetime:
    """Return the moment that `text`, ISO 8601, means: UTC where it says no offset, midnight where it says no time."""
    try:
        parsed = datetime.fromisoformat(text)
        return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
    except (ValueError, OverflowError):
        message = f"{text} is no moment; write 2026-05-17, or 2026-05-17T09:30:00Z."
        raise typer.BadParameter(message) from None
