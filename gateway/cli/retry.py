"""`topicsnap retry`: dispatch again what failed of a bulk snapshot."""

from typing import Annotated

import typer

from gateway.cli.asking import ask_and_show
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.snapshot import KeyOption, ReasonOption, WatchOption
from gateway.cli.watch import BulkArgument

OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="SNAPSHOT_ID", help="Only this source snapshot; may be repeated.")
]


def retry(
    bulk_id: BulkArgument,
    only: OnlyOption = None,
    reason: ReasonOption = None,
    key: KeyOption = None,
    watch: WatchOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Snapshot again what failed of a bulk snapshot and may succeed now, with the same filters, as a new one.

    What a retry has taken up already is left out; where nothing is left it says so and exits with 1. Otherwise it exits
    as `topicsnap snapshot` does.

    **Examples:** `topicsnap retry bulk_01k9… --watch` ·
    `topicsnap retry bulk_01k9… --only snap_01k9… --reason "back up"`
    """
    ask_and_show(
        lambda backend: backend.retry(bulk_id, only, reason=reason, key=key),
        watch=watch,
        json=json,
        server=server,
        direct=direct,
    )
