"""`topicsnap sync`: the catalogue, brought up to date."""

from typing import Annotated

import typer

from gateway.cli.backend import open_backend
from gateway.cli.changes import print_changes
from gateway.cli.exits import run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from snapshots.catalog import CatalogChanges

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

    **Examples:** `topicsnap sync` · `topicsnap sync clu_01k9… --dry-run` · `topicsnap sync --direct --json`
    """

    async def work() -> CatalogChanges:
        async with open_backend(server, direct=direct) as backend:
            return await backend.sync(cluster, dry_run=dry_run)

    changes = run(work)
    if changes is not None:
        print_changes(changes, json=json, clusters=False)  # those come from imports alone
