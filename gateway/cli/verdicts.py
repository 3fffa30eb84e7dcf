"""What commands show of verifications, whether they came from the ledger or from a gateway; also their JSON output."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console

from snapshots.records import SourceSnapshotRecord
from snapshots.vocabulary import SnapshotVerdict, VerificationState

POLL_SECONDS = 1.0

VERDICT_FIELDS = "topics { verification verdict verdictReason expectedRows emittedRows topic { name } }"
"""The GraphQL selection on a source snapshot that `from_graphql` reads."""


@dataclass(frozen=True, slots=True)
class TopicVerdict:
    """One topic of a source snapshot."""

    name: str
    verification: str
    verdict: str | None
    reason: str | None
    expected_rows: int | None
    emitted_rows: int | None

    @property
    def is_open(self) -> bool:
        """Whether a verdict is still to come."""
        return self.verification in {VerificationState.PENDING, VerificationState.RUNNING}

    @property
    def is_complete(self) -> bool:
        """Whether every row is proved to have arrived."""
        return self.verdict == SnapshotVerdict.COMPLETE


def from_record(snapshot: SourceSnapshotRecord) -> list[TopicVerdict]:
    """Return the verdicts on the topics of a record of the ledger."""
    return [
        TopicVerdict(
            topic.topic.name,
            topic.verification,
            topic.verdict,
            topic.verdict_reason,
            topic.expected_rows,
            topic.emitted_rows,
        )
        for topic in snapshot.topics
    ]


def from_graphql(snapshot: Mapping[str, Any]) -> list[TopicVerdict]:
    """Return the verdicts on the topics of what a gateway answered for VERDICT_FIELDS."""
    return [
        TopicVerdict(
            topic["topic"]["name"],
            topic["verification"],
            topic["verdict"],
            topic["verdictReason"],
            _number(topic["expectedRows"]),
            _number(topic["emittedRows"]),
        )
        for topic in snapshot["topics"]
    ]


async def watch_verdicts(ask: Callable[[], Awaitable[list[TopicVerdict]]], console: Console) -> list[TopicVerdict]:
    """Show each verdict as `ask` tells it, until none is to come, and return them all."""
    shown: set[int] = set()
    while True:
        found = await ask()
        for place, topic in enumerate(found):
            if place not in shown and not topic.is_open:
                shown.add(place)
                console.print(_line(topic), markup=False, highlight=False, soft_wrap=True)
        if not any(topic.is_open for topic in found):
            return found
        await asyncio.sleep(POLL_SECONDS)


def all_complete(verdicts: Sequence[TopicVerdict]) -> bool:
    """Whether there are topics, and every row of each is proved to have arrived."""
    return bool(verdicts) and all(topic.is_complete for topic in verdicts)


def _line(topic: TopicVerdict) -> str:
    return f"{topic.name}: {topic.verdict or topic.verification}{f' - {topic.reason}' if topic.reason else ''}"


def _number(value: object) -> int | None:
    return None if value is None else int(str(value))  # a BigInt, which may come as a text
