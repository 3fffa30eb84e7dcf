"""`topicsnap watch`: the progress of a bulk snapshot, until its end."""

import sys
from functools import partial
from typing import Annotated

import orjson
import typer
from rich.console import Console

from gateway.cli.backend import open_backend
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonLinesOption, JsonOption, ServerOption
from gateway.cli.views import BulkView
from gateway.cli.watching import print_states, summary, watch_bulk

BulkArgument = Annotated[
    str, typer.Argument(metavar="BULK_ID", help="The id that `topicsnap snapshot` or the mutation gave.")
]


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
    console = Console(file=sys.stderr if json else sys.stdout)

    async def work() -> BulkView:
        async with open_backend(server, direct=direct) as backend:
            ask = partial(backend.bulk, bulk_id)
            return await (print_states(ask, sys.stdout) if jsonl else watch_bulk(ask, console))

    view = run(work)
    if view is None:
        return
    if json:
        sys.stdout.write(orjson.dumps(view, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif not jsonl:
        console.print(summary(view), markup=False, highlight=False, soft_wrap=True)
    if not view.completed:
        raise typer.Exit(Exit.FAILED)
