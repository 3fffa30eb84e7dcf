"""`topicsnap snapshot`: snapshot topics, from a shell."""

from typing import Annotated

import typer

from gateway.cli.bulk_snapshots import BulkSnapshotData
from gateway.cli.client.client import Client
from gateway.cli.client.names import find_topic
from gateway.cli.options import (
    DEFAULT_SERVER,
    DirectOption,
    JsonOption,
    KeyOption,
    ReasonOption,
    ServerOption,
    WatchOption,
)
from gateway.cli.parsers import choices, one_of
from gateway.cli.requesting import request_and_show
from snapshots.vocabulary import SnapshotType

TopicsArgument = Annotated[
    list[str], typer.Argument(help="Names or ids of topics; write `cluster/name` if several topics have the name.")
]
TypeOption = Annotated[
    SnapshotType,
    typer.Option(
        "--type",
        parser=one_of(SnapshotType),
        metavar=choices(SnapshotType),
        help="INCREMENTAL reads while streaming goes on; BLOCKING pauses it.",
    ),
]

VerifyOption = Annotated[
    bool,
    typer.Option(
        "--verify", help="Verify after the end that every row has arrived; `topicsnap verify` tells the verdicts."
    ),
]


def snapshot(  # noqa: PLR0913, PLR0917 (a command's options are its arguments)
    topics: TopicsArgument,
    snapshot_type: TypeOption = SnapshotType.INCREMENTAL,
    reason: ReasonOption = None,
    key: KeyOption = None,
    watch: WatchOption = False,
    verify: VerifyOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Snapshot topics: find the source connectors that write them, and signal each connector for just those topics.

    The command asks a running gateway, which has the secrets and follows the snapshots. With `--direct` it does without
    one. Exits with 1 if a topic was not taken; with `--watch`, if a topic was not read.

    **Examples:** `topicsnap snapshot shop.public.orders shop.public.customers --watch` ·
    `topicsnap snapshot billing.public.audit_log --type blocking --reason "lost partition"`
    """

    async def request(client: Client) -> BulkSnapshotData:
        given = {
            "topicIds": [await find_topic(client, topic) for topic in topics],
            "snapshotType": snapshot_type,
            "reason": reason,
            "idempotencyKey": key,
            "verify": verify,
        }
        bulk: BulkSnapshotData = (await client.mutate("snapshot", given))["bulkSnapshot"]
        return bulk

    request_and_show(request, watch=watch, json=json, server=server, direct=direct)
