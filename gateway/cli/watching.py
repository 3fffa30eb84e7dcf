"""Watching a bulk snapshot until its end: live bars on a terminal, a line for each change elsewhere."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC
from typing import TextIO

import orjson
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.text import Text

from gateway.cli.views import BulkView, SourceView, TopicView
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState

POLL_SECONDS = 0.5
_STYLES = {"COMPLETED": "green", "RUNNING": "cyan", "FAILED": "red", "ABANDONED": "red", "CANCELLED": "yellow"}

Ask = Callable[[], Awaitable[BulkView]]


async def watch_bulk(ask: Ask, console: Console) -> BulkView:
    """Show what `ask` tells, asked twice a second, until it has ended, and return the last of it."""
    if console.is_terminal:
        return await _watch_live(ask, console)
    return await _watch_lines(ask, console)


async def print_states(ask: Ask, out: TextIO) -> BulkView:
    """Print what `ask` tells, asked twice a second, as JSON: a line at once and one whenever it changed."""
    shown: BulkView | None = None
    while True:
        view = await ask()
        if view != shown:
            shown = view
            out.write(orjson.dumps(view).decode() + "\n")
            out.flush()
        if view.ended:
            return view
        await asyncio.sleep(POLL_SECONDS)


async def _watch_live(ask: Ask, console: Console) -> BulkView:
    board = _Board()
    view = await ask()
    with Live(board.show(view), console=console, refresh_per_second=8) as live:
        while not view.ended:
            await asyncio.sleep(POLL_SECONDS)
            view = await ask()
            live.update(board.show(view))
    return view


class _Board:
    """The bars: one for each source, with its topics below."""

    def __init__(self) -> None:
        self._progress = Progress(
            TextColumn("{task.description}"), BarColumn(), TextColumn("{task.completed}/{task.total} topics"),
            TextColumn("{task.fields[rows]}"), TextColumn("{task.fields[state]}"),
        )  # fmt: skip
        self._bars: dict[str, TaskID] = {}

    def show(self, view: BulkView) -> Group:
        """Return the picture of `view`."""
        for source in view.sources:
            rows = _rows(source)
            state = f"[{_style(source.state)}]{source.state}[/][red]{_silence(source)}[/]"
            done = sum(topic.state.is_terminal for topic in source.topics)
            if source.id not in self._bars:
                total = len(source.topics)
                self._bars[source.id] = self._progress.add_task(source.source, total=total, rows=rows, state=state)
            self._progress.update(self._bars[source.id], completed=done, rows=rows, state=state)
        lines = [
            Text(f"  {topic.name}  {_topic_words(topic, topic.rows_scanned)}{_verdict(topic)}", _style(topic.state))
            for source in view.sources
            for topic in source.topics
            if topic.state is not TopicSnapshotState.PENDING
        ]
        return Group(self._progress, *lines)


async def _watch_lines(ask: Ask, console: Console) -> BulkView:
    shown: dict[str, str] = {}
    while True:
        view = await ask()
        for key, line in _lines(view):
            if shown.get(key) != line:
                shown[key] = line
                console.print(line, markup=False, highlight=False, soft_wrap=True)
        if view.ended:
            return view
        await asyncio.sleep(POLL_SECONDS)


def _lines(view: BulkView) -> list[tuple[str, str]]:
    """Return a line for each source and topic that has begun, by what it is about."""
    lines = []
    for source in view.sources:
        failed = source.state in {SnapshotState.FAILED, SnapshotState.UNCONFIRMED, SnapshotState.ABANDONED}
        reason = f" ({source.message})" if failed and source.message else ""
        lines.append((source.id, f"{source.source}: {source.state}{_silence(source)}{reason}"))
        lines.extend(
            (f"{source.id}/{topic.name}", f"{topic.name}: {_topic_words(topic, None)}{rows}{_verdict(topic)}")
            for topic in source.topics
            if topic.state is not TopicSnapshotState.PENDING
            for rows in [f", {topic.rows_scanned:,} rows" if topic.state.is_terminal and topic.rows_scanned else ""]
        )
    return lines


def summary(view: BulkView) -> str:
    """One line on how it stands."""
    topics = [topic for source in view.sources for topic in source.topics]
    done = sum(topic.state is TopicSnapshotState.COMPLETED for topic in topics)
    rows = sum(topic.rows_scanned or 0 for topic in topics)
    skipped = f", {len(view.skips)} skipped" if view.skips else ""
    words = "in progress" if view.state is BulkSnapshotState.IN_PROGRESS else view.state.replace("_", " ").lower()
    verdicts = Counter(topic.verdict for topic in topics if topic.verdict is not None)
    verified = "".join(f", {count} {verdict}" for verdict, count in sorted(verdicts.items()))
    return f"{view.id}: {words}, {done} of {len(topics)} topics read{skipped}, {rows:,} rows{verified}."


def _topic_words(topic: TopicView, rows: int | None) -> str:
    words = [str(topic.state)]
    if topic.outcome and topic.outcome != "SUCCEEDED":
        words.append(topic.outcome)
    if rows is not None:
        words.append(f"{rows:,} rows")
    return " ".join(words)


def _silence(source: SourceView) -> str:
    return (
        f", silent since {source.stalled_since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if source.stalled_since else ""
    )


def _verdict(topic: TopicView) -> str:
    if topic.verdict is None:
        return ""
    return f", {topic.verdict}" + (f" - {topic.verdict_reason}" if topic.verdict_reason else "")


def _rows(source: SourceView) -> str:
    rows = [topic.rows_scanned for topic in source.topics if topic.rows_scanned is not None]
    return f"{sum(rows):,} rows" if rows else ""


def _style(state: str) -> str:
    return _STYLES.get(state, "default")
