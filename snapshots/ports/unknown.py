"""What stands in for an answer that could not be had."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unknown:
    """Something could not be looked at; the reason is a sentence without secrets."""

    reason: str
