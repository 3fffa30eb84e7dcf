"""`topicsnap retry`: dispatch again what failed of a bulk snapshot."""

from typing import Annotated

import typer

from gateway.cli.bulk_snapshots import BulkSnapshotData
from gateway.cli.client.client import Client
from gateway.cli.options import (
    DEFAULT_SERVER,
    BulkArgument,
    DirectOption,
    JsonOption,
    KeyOption,
    ReasonOption,
    ServerOption,
    WatchOption,
)
from gateway.cli.requesting import request_and_show

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
    """Snapshot again what failed of a bulk snapshot and may succeed now. This makes a new bulk snapshot.

    The filters stay the same. What an earlier retry has taken up is left out; if nothing is left, the command says so
    and exits with 1. Otherwise it exits as `topicsnap snapshot` does.

    **Examples:** `topicsnap retry bulk_01k9… --watch` ·
    `topicsnap retry bulk_01k9… --only snap_01k9… --reason "back up"`
    """

    async def request(client: Client) -> BulkSnapshotData:
        given = {"bulkSnapshotId": bulk_id, "snapshotIds": only or None, "reason": reason, "idempotencyKey": key}
        bulk: BulkSnapshotData = (await client.mutate("retry", given))["bulkSnapshot"]
        return bulk

    request_and_show(request, watch=watch, json=json, server=server, direct=direct)
