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
    """Show a bulk snapshot until it has ended: live bars on a terminal, a line for each change elsewhere.

    Where a verification was asked for, until its verdicts are there. Exits with 1 unless every source has read all of
    its topics, or where a loss is proved. With `--json` standard output holds the end alone, with `--jsonl` every
    change.

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
