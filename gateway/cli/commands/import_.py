"""`topicsnap import`: what an operator says of the catalogue, from a file."""

from pathlib import Path
from typing import Annotated, cast

import typer

from gateway.cli.changes import ChangesData, changes_data, print_changes
from gateway.cli.exits import run
from gateway.cli.options import JsonOption
from gateway.cli.output import print_json
from snapshots.catalog.changes import CatalogChanges
from snapshots.errors import InvalidRequestError

FileArgument = Annotated[
    Path, typer.Argument(metavar="FILE", help="YAML or JSON with the sections clusters, connectors and topics.")
]


def import_catalog(file: FileArgument, json: JsonOption = False) -> None:
    """Add or update clusters, connectors and topics of the catalogue.

    The command writes to the database of TOPICSNAP_DATABASE_URL, or to the embedded one, even while a gateway runs.
    `topicsnap sync` does not change what a file says. docs/guides/import.md describes the file.

    **Example:** `topicsnap import clusters.yaml && topicsnap sync`
    """
    changes = run(lambda: _import(file))
    if changes is None:
        return
    data = changes_data(changes)
    if json:
        print_json(data)
    else:
        del data["dryRun"]
        print_changes(cast("dict[str, ChangesData]", data))


async def _import(file: Path) -> CatalogChanges:
    from gateway.cli.import_file import read_import
    from gateway.databases import open_database
    from gateway.metrics import NoMetrics
    from gateway.services import open_runtime
    from gateway.settings import load
    from resolvers.catalog.import_catalog import import_catalog as carry_out
    from resolvers.principal import LOCAL_PRINCIPAL

    given = read_import(file)
    settings = load()
    async with open_database(settings, attach=True) as url, open_runtime(settings, url, metrics=NoMetrics()) as runtime:
        try:
            return await carry_out(runtime.services, LOCAL_PRINCIPAL, given.content)
        except InvalidRequestError as error:
            raise given.explained(error) from error
