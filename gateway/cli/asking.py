"""Asking for a bulk snapshot, and showing what came of it: for `topicsnap snapshot` and `topicsnap retry`."""

import sys
from collections.abc import Awaitable, Callable

import orjson
import typer
from rich.console import Console

from gateway.cli.backend import Backend, open_backend
from gateway.cli.exits import Exit, run
from gateway.cli.views import BulkView
from gateway.cli.watching import summary, watch_bulk


def ask_and_show(
    ask: Callable[[Backend], Awaitable[BulkView]], *, watch: bool, json: bool, server: str, direct: bool
) -> None:
    """Ask, show the answer, and with `watch` the progress until the end; then exit with the code that it deserves."""
    console = Console(file=sys.stderr if json else sys.stdout)

    async def work() -> BulkView:
        async with open_backend(server, direct=direct) as backend:
            view = await ask(backend)
            if not json:
                _show(view, console)
            return await watch_bulk(lambda: backend.bulk(view.id), console) if watch else view

    view = run(work)
    if view is None:
        return
    if json:
        sys.stdout.write(orjson.dumps(view, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif watch:
        console.print(summary(view), markup=False, highlight=False, soft_wrap=True)
    if not (view.succeeded if watch else view.taken):
        raise typer.Exit(Exit.FAILED)


def _show(view: BulkView, console: Console) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    line(f"Bulk snapshot {view.id} ({view.snapshot_type})")
    for source in view.sources:
        names = ", ".join(topic.name for topic in source.topics)
        line(f"  {source.source}: {source.state}{f' - {source.message}' if source.message else ''} [{names}]")
    for skip in view.skips:
        line(f"  skipped {skip.name or skip.topic_id}: {skip.reason} - {skip.message}")
