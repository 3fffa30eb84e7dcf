"""`topicsnap verify`: prove that every row of a snapshot has arrived."""

from typing import Annotated

import typer

from gateway.cli.client.opening import open_client
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.output import console_beside, print_json
from gateway.cli.verdicts import VerifiedSnapshot, all_complete, ask_verdicts, watch_verdicts

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

    A worker of the gateway reads each topic and its table once the snapshot has ended; with `--direct`, this command
    does. A loss can be proved only if the snapshot was requested with `--verify`. Exits with 1 if the verdict on a
    topic is not COMPLETE.

    **Examples:** `topicsnap verify bulk_01k9…` · `topicsnap verify snap_01k9… --json`
    """
    console = console_beside(json=json)

    async def work() -> list[VerifiedSnapshot]:
        async with open_client(server, direct=direct) as client:
            payload = await client.mutate("verify", {"snapshotId": snapshot_id})
            ids = [snapshot["id"] for snapshot in payload["snapshots"]]
            return await watch_verdicts(lambda: ask_verdicts(client, ids), console)

    found = run(work)
    if found is None:
        return
    if json:
        print_json(found)
    if not all_complete(found):
        raise typer.Exit(Exit.FAILED)
