"""`topicsnap sync`: the catalogue, brought up to date."""

from typing import Annotated, Any

import typer

from gateway.cli.changes import print_changes
from gateway.cli.client.client import Client
from gateway.cli.client.names import find_cluster
from gateway.cli.client.opening import open_client
from gateway.cli.exits import Exit, fail, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.output import print_json
from snapshots.errors import ClusterUnreachableError
from snapshots.vocabulary import UserErrorCode

ClusterArgument = Annotated[
    str | None,
    typer.Argument(
        help="Name or id of a cluster; without it, all clusters. A gateway finds a cluster by its name once it has "
        "connectors; before that, give the id."
    ),
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

    Clusters come from `topicsnap import`. A sync does not change what an import says.

    If something cannot be read, such as a source database or a whole cluster, the command prints the reason and keeps
    what is known of it; it synchronises the rest. Exits with 0 if everything was read, with 4 if something was not, and
    with 3 if no cluster could be read or the gateway or its database cannot be reached.

    **Examples:** `topicsnap sync` · `topicsnap sync production --dry-run` · `topicsnap sync --direct --json`
    """

    async def work() -> dict[str, Any]:
        async with open_client(server, direct=direct) as client:
            return await _sync(client, cluster, dry_run=dry_run)

    payload = run(work)
    if payload is None:
        return
    if json:
        print_json(payload)
    else:
        _show(payload)
    if payload["userErrors"]:
        fail(ClusterUnreachableError("No cluster could be read, so nothing was changed."))
    if payload["unreadable"]:
        message = "topicsnap: Not everything could be read; what is known of the rest is kept as it was."
        typer.secho(message, err=True, fg=typer.colors.YELLOW)
        raise typer.Exit(Exit.INCOMPLETE)


async def _sync(client: Client, cluster: str | None, *, dry_run: bool) -> dict[str, Any]:
    cluster_id = await find_cluster(client, cluster) if cluster is not None else None
    given = {"clusterId": cluster_id, "dryRun": dry_run}
    # What could not be read is told with its reasons in any case.
    return await client.mutate("sync", given, allowing=UserErrorCode.CLUSTER_UNREACHABLE)


def _show(payload: dict[str, Any]) -> None:
    if payload["dryRun"]:
        typer.echo("Dry run: nothing was changed.")
    print_changes({sort: payload[sort] for sort in ("connectors", "topics")})
    if unreadable := payload["unreadable"]:
        typer.echo(f"not read: {len(unreadable)}")
    for part in unreadable:
        place = part["cluster"] if part["source"] is None else f"{part['cluster']}/{part['source']}"
        typer.echo(f"  ! {place}  {part['reason']}")
