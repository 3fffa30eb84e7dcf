"""Waiting for the verdicts of verifications, and showing each as it is found."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypedDict

from rich.console import Console

from gateway.cli.bulk_snapshots import TopicSnapshotData, is_open
from gateway.cli.client.client import Client
from gateway.cli.output import print_line
from snapshots.vocabulary import SnapshotVerdict

POLL_SECONDS = 1.0


class VerifiedSnapshot(TypedDict):
    """A source snapshot with the verdicts on its topics: what verdicts.graphql selects."""

    id: str
    topics: list[TopicSnapshotData]


async def ask_verdicts(client: Client, source_snapshot_ids: Sequence[str]) -> list[VerifiedSnapshot]:
    """Return how the verifications of source snapshots stand, after what is due was done. Raises as `execute` does."""
    await client.transport.work()
    nodes = (await client.execute("verdicts", ids=list(source_snapshot_ids)))["nodes"]
    return [node for node in nodes if node]


async def watch_verdicts(
    ask: Callable[[], Awaitable[list[VerifiedSnapshot]]], console: Console
) -> list[VerifiedSnapshot]:
    """Show each verdict as `ask` tells it, until none is to come, and return the last that it told."""
    shown: set[int] = set()
    while True:
        found = await ask()
        topics = topics_of(found)
        for place, topic in enumerate(topics):
            if place not in shown and not is_open(topic):
                shown.add(place)
                print_line(console, _line(topic))
        if not any(map(is_open, topics)):
            return found
        await asyncio.sleep(POLL_SECONDS)


def all_complete(found: Sequence[VerifiedSnapshot]) -> bool:
    """Whether there are topics, and every row of each is proved to have arrived."""
    topics = topics_of(found)
    return bool(topics) and all(topic["verdict"] == SnapshotVerdict.COMPLETE for topic in topics)


def topics_of(found: Sequence[VerifiedSnapshot]) -> list[TopicSnapshotData]:
    """Return the topics of all snapshots."""
    return [topic for snapshot in found for topic in snapshot["topics"]]


def _line(topic: TopicSnapshotData) -> str:
    reason = f" - {topic['verdictReason']}" if topic["verdictReason"] else ""
    return f"{topic['topic']['name']}: {topic['verdict'] or topic['verification']}{reason}"
