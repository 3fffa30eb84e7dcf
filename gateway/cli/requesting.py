"""Asking for a bulk snapshot, and showing what came of it: for `topicsnap snapshot` and `topicsnap retry`."""

from collections.abc import Awaitable, Callable

import typer
from rich.console import Console

from gateway.cli.bulk_snapshots import BulkSnapshotData, answers_of, was_all_read, was_taken
from gateway.cli.client.client import Client
from gateway.cli.client.opening import open_client
from gateway.cli.exits import Exit, run
from gateway.cli.output import console_beside, print_json, print_line
from gateway.cli.watching import ask_bulk_snapshot, summary, watch_bulk

Request = Callable[[Client], Awaitable[BulkSnapshotData]]
"""Asks for a bulk snapshot, and returns it as it was answered."""


def request_and_show(request: Request, *, watch: bool, json: bool, server: str, direct: bool) -> None:
    """Ask, show the answer, and with `watch` the progress until the end; then exit with the code that it deserves."""
    console = console_beside(json=json)

    async def work() -> BulkSnapshotData:
        async with open_client(server, direct=direct) as client:
            bulk = await request(client)
            if not json:
                _show(bulk, console)
            return await watch_bulk(lambda: ask_bulk_snapshot(client, bulk["id"]), console) if watch else bulk

    bulk = run(work)
    if bulk is None:
        return
    if json:
        print_json(bulk)
    elif watch:
        print_line(console, summary(bulk))
    if not (was_all_read(bulk) if watch else was_taken(bulk)):
        raise typer.Exit(Exit.FAILED)


def _show(bulk: BulkSnapshotData, console: Console) -> None:
    print_line(console, f"Bulk snapshot {bulk['id']} ({bulk['snapshotType']})")
    answers = answers_of(bulk)
    for one in bulk["snapshots"]:
        names = ", ".join(topic["topic"]["name"] for topic in one["topics"])
        message = one["message"] or answers.get(one["id"])
        print_line(console, f"  {one['source']['name']}: {one['state']}{f' - {message}' if message else ''} [{names}]")
    for skip in bulk["skippedTopics"]:
        name = skip["topic"]["name"] if skip["topic"] else skip["topicId"]
        print_line(console, f"  skipped {name}: {skip['reason']} - {skip['message']}")
