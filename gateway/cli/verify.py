"""`topicsnap verify`: prove that every row of a snapshot has arrived."""

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console

from gateway.cli.backend import open_backend
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.verdicts import TopicVerdict, all_complete, watch_verdicts

SnapshotArgument = Annotated[
    str, typer.Argument(metavar="SNAPSHOT_ID", help="A source snapshot (`snap_…`) or a bulk snapshot (`bulk_…`).")
]


def verify(
    snapshot_id: SnapshotArgument,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Verify that every row of the source has arrived on its topic, and wait for the verdicts.

    A worker of the gateway reads topics and tables, each once its snapshot has ended; with `--direct` this command
    does. A loss can be proved only where `snapshot --verify` was used. Exits with 1 unless every topic is COMPLETE.

    **Examples:** `topicsnap verify bulk_01k9…` · `topicsnap verify snap_01k9… --json`
    """
    console = Console(file=sys.stderr if json else sys.stdout)

    async def work() -> list[TopicVerdict]:
        async with open_backend(server, direct=direct) as backend:
            ids = await backend.verify(snapshot_id)
            return await watch_verdicts(lambda: backend.verdicts(ids), console)

    verdicts = run(work)
    if verdicts is None:
        return
    if json:
        sys.stdout.write(orjson.dumps(verdicts, option=orjson.OPT_INDENT_2).decode() + "\n")
    if not all_complete(verdicts):
        raise typer.Exit(Exit.FAILED)
