"""Watching a bulk snapshot until its end: live bars on a terminal, a line for each change elsewhere.

The state is asked twice a second, by either transport: no connection has to stay open.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TextIO

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from gateway.cli.bulk_snapshots import (
    LOST,
    BulkSnapshotData,
    SourceSnapshotData,
    TopicSnapshotData,
    has_ended,
    rows_of,
    silent_since,
    topic_has_ended,
    topics_of,
)
from gateway.cli.client.client import Client
from gateway.cli.client.names import NotKnownError
from gateway.cli.output import print_json_line, print_line
from snapshots.states import BulkSnapshotState, TopicSnapshotState

POLL_SECONDS = 0.5
_STYLES = {"COMPLETED": "green", "RUNNING": "cyan", "FAILED": "red", "ABANDONED": "red", "CANCELLED": "yellow"}

Ask = Callable[[], Awaitable[BulkSnapshotData]]


async def ask_bulk_snapshot(client: Client, bulk_id: str) -> BulkSnapshotData:
    """Return a bulk snapshot as it is now. Raises NotKnownError, and what `Client.execute` raises."""
    bulk: BulkSnapshotData | None = (await client.execute("bulk_snapshot", id=bulk_id))["bulkSnapshot"]
    if bulk is None:
        raise NotKnownError(f"No bulk snapshot has the id {bulk_id}.")
    return bulk


async def watch_bulk(ask: Ask, console: Console, *, poll_seconds: float = POLL_SECONDS) -> BulkSnapshotData:
    """Show what `ask` tells, asked every `poll_seconds`, until it has ended, and return the last of it."""
    if console.is_terminal:
        return await _watch_live(ask, console, poll_seconds)
    return await _watch_lines(ask, console, poll_seconds)


async def print_states(ask: Ask, out: TextIO, *, poll_seconds: float = POLL_SECONDS) -> BulkSnapshotData:
    """Print what `ask` tells, asked every `poll_seconds`, as JSON: a line at once and one whenever it changed."""
    shown: BulkSnapshotData | None = None
    while True:
        bulk = await ask()
        if bulk != shown:
            shown = bulk
            print_json_line(bulk, out)
        if has_ended(bulk):
            return bulk
        await asyncio.sleep(poll_seconds)


async def _watch_live(ask: Ask, console: Console, poll_seconds: float) -> BulkSnapshotData:
    board = _Board()
    bulk = await ask()
    with Live(board.show(bulk), console=console, refresh_per_second=8) as live:
        while not has_ended(bulk):
            await asyncio.sleep(poll_seconds)
            bulk = await ask()
            live.update(board.show(bulk))
    return bulk


class _Board:
    """The bars: one for each source, with its topics below."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} topics"),
            TextColumn("{task.fields[rows]}"), TextColumn("{task.fields[state]}"),
        )  # fmt: skip
        self._bars: dict[str, TaskID] = {}

    def show(self, bulk: BulkSnapshotData) -> Group:
        """Return the picture of `bulk`."""
        for one in bulk["snapshots"]:
            rows = _rows(one)
            state = f"[{_style(one['state'])}]{one['state']}[/][red]{_silence(one)}[/]"
            done = sum(map(topic_has_ended, one["topics"]))
            if one["id"] not in self._bars:
                name, total = one["source"]["name"], len(one["topics"])
                self._bars[one["id"]] = self._progress.add_task(name, total=total, rows=rows, state=state)
            self._progress.update(self._bars[one["id"]], completed=done, rows=rows, state=state)
        lines = [
            Text(f"  {topic['topic']['name']}  {_topic_words(topic, rows_of(topic))}{_verdict(topic)}", _style(state))
            for topic in topics_of(bulk)
            for state in [topic["state"]]
            if state != TopicSnapshotState.PENDING
        ]
        return Group(self._progress, *lines)


async def _watch_lines(ask: Ask, console: Console, poll_seconds: float) -> BulkSnapshotData:
    shown: dict[str, str] = {}
    while True:
        bulk = await ask()
        for key, line in state_lines(bulk):
            if shown.get(key) != line:
                shown[key] = line
                print_line(console, line)
        if has_ended(bulk):
            return bulk
        await asyncio.sleep(poll_seconds)


def state_lines(bulk: BulkSnapshotData) -> list[tuple[str, str]]:
    """Return a line for each source and topic that has begun, by what it is about."""
    lines = []
    for one in bulk["snapshots"]:
        reason = f" ({one['message']})" if one["state"] in LOST and one["message"] else ""
        lines.append((one["id"], f"{one['source']['name']}: {one['state']}{_silence(one)}{reason}"))
        for topic in one["topics"]:
            if topic["state"] == TopicSnapshotState.PENDING:
                continue
            name, count = topic["topic"]["name"], rows_of(topic)
            rows = f", {count:,} rows" if topic_has_ended(topic) and count else ""
            lines.append((f"{one['id']}/{name}", f"{name}: {_topic_words(topic, None)}{rows}{_verdict(topic)}"))
    return lines


def summary(bulk: BulkSnapshotData) -> str:
    """One line on how it stands."""
    topics = list(topics_of(bulk))
    done = sum(topic["state"] == TopicSnapshotState.COMPLETED for topic in topics)
    rows = sum(rows_of(topic) or 0 for topic in topics)
    skipped = f", {len(bulk['skippedTopics'])} skipped" if bulk["skippedTopics"] else ""
    state = bulk["state"]
    words = "in progress" if state == BulkSnapshotState.IN_PROGRESS else state.replace("_", " ").lower()
    verdicts = Counter(topic["verdict"] for topic in topics if topic["verdict"] is not None)
    verified = "".join(f", {count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return f"{bulk['id']}: {words}, {done} of {len(topics)} topics read{skipped}, {rows:,} rows{verified}."


def _topic_words(topic: TopicSnapshotData, rows: int | None) -> str:
    words = [topic["state"]]
    if topic["outcome"] and topic["outcome"] != "SUCCEEDED":
        words.append(topic["outcome"])
    if rows is not None:
        words.append(f"{rows:,} rows")
    return " ".join(words)


def _silence(snapshot: SourceSnapshotData) -> str:
    since = silent_since(snapshot)
    return f", silent since {since:%Y-%m-%d %H:%M:%S} UTC" if since else ""


def _verdict(topic: TopicSnapshotData) -> str:
    if topic["verdict"] is None:
        return ""
    return f", {topic['verdict']}" + (f" - {topic['verdictReason']}" if topic["verdictReason"] else "")


def _rows(snapshot: SourceSnapshotData) -> str:
    rows = [count for topic in snapshot["topics"] if (count := rows_of(topic)) is not None]
    return f"{sum(rows):,} rows" if rows else ""


def _style(state: str) -> str:
    return _STYLES.get(state, "default")
