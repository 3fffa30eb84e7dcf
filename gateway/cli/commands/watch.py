"""`topicsnap watch`: the progress of a bulk snapshot, until its end."""

import sys
from functools import partial

import typer

from gateway.cli.bulk_snapshots import BulkSnapshotData, was_read
from gateway.cli.client.opening import open_client
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, BulkArgument, DirectOption, JsonLinesOption, JsonOption, ServerOption
from gateway.cli.output import console_beside, print_json, print_line
from gateway.cli.watching import ask_bulk_snapshot, print_states, summary, watch_bulk


def watch(
    bulk_id: BulkArgument,
    json: JsonOption = False,
    jsonl: JsonLinesOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Show a bulk snapshot until it ends: live bars on a terminal, elsewhere a line for each change.

    If a verification was requested, the command goes on until the verdicts are there. Exits with 1 if a source has not
    read all of its topics, or if a loss is proved. With `--json`, standard output has only the end; with `--jsonl`, it
    has every change.

    **Examples:** `topicsnap watch bulk_01k9…` · `topicsnap watch bulk_01k9… --jsonl | jq .state`
    """
    if json and jsonl:
        raise typer.BadParameter("Give either --json or --jsonl.")
    console = console_beside(json=json)

    async def work() -> BulkSnapshotData:
        async with open_client(server, direct=direct) as client:
            ask = partial(ask_bulk_snapshot, client, bulk_id)
            return await (print_states(ask, sys.stdout) if jsonl else watch_bulk(ask, console))

    bulk = run(work)
    if bulk is None:
        return
    if json:
        print_json(bulk)
    elif not jsonl:
        print_line(console, summary(bulk))
    if not was_read(bulk):
        raise typer.Exit(Exit.FAILED)
