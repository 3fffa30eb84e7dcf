"""The port that asks a source's database what would go wrong, before anything is sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from snapshots.model import SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.signalling.key_settings import KeySettings


@dataclass(frozen=True, slots=True)
class Trial:
    """What the database behind a source said of the topics that are to be read of it."""

    findings: Mapping[str, Finding] = field(default_factory=dict)
    """By topic id, why a topic must not be sent."""
    warning: str | None = None
    """What could not be found out, as a sentence, and why."""
    asked: bool = field(default=False, compare=False)
    """Whether the database told the keys."""


class SourceTrial(Protocol):
    """Asks the database behind a source what would go wrong with what is about to be read, without reading a row."""

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        """Tell of filters and surrogate keys that the database refuses, and of keys that are not safe to read by.

        `keys` is what the connector's configuration says of keys; None for a blocking snapshot, which no key harms.
        A filter that is not told of is fine, or could not be tried in time. Reports expected failures in the result.
        """
        ...
