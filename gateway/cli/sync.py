"""`topicsnap sync`: the catalogue, brought up to date."""

from typing import Annotated

import typer

from gateway.cli.backend import open_backend
from gateway.cli.changes import print_sync
from gateway.cli.exits import Exit, fail, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from snapshots.catalog.contents import SyncResult
from snapshots.errors import ClusterUnreachableError

ClusterArgument = Annotated[
    str | None, typer.Argument(help="Id of a cluster, with --direct its name as well; all where none is given.")
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Tell what would change, and change nothing.")]


def sync(
    cluster: ClusterArgument = None,
    dry_run: DryRunOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Read Kafka Connect and the source databases, and bring the catalogue's connectors and topics up to date.

    Clusters themselves come from `topicsnap import`. What an import said explicitly is left alone.

    What cannot be read, such as a source database or a whole cluster, is printed with the reason and kept as it was;
    the rest is synchronised. Exits with 0 where everything was read, 4 where something was not, 3 where no cluster
    could be read, or where the gateway or its database cannot be reached.

    **Examples:** `topicsnap sync` · `topicsnap sync clu_01k9… --dry-run` · `topicsnap sync --direct --json`
    """

    async def work() -> SyncResult:
        async with open_backend(server, direct=direct) as backend:
            return await backend.sync(cluster, dry_run=dry_run)

    result = run(work)
    if result is None:
        return
    print_sync(result, json=json)
    if result.nothing_read:
        fail(ClusterUnreachableError("No cluster could be read, so nothing was changed."))
    if result.unreadable:
        message = "topicsnap: Not everything could be read; what is known of the rest is kept as it was."
        typer.secho(message, err=True, fg=typer.colors.YELLOW)
        raise typer.Exit(Exit.INCOMPLETE)
