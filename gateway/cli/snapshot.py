"""`topicsnap snapshot`: snapshot topics, from a shell."""

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console

from gateway.cli.backend import open_backend
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.views import BulkView
from gateway.cli.watching import summary, watch_bulk
from snapshots.kinds import SnapshotType

TopicsArgument = Annotated[
    list[str], typer.Argument(help="Names or ids of topics; `cluster/name` where a name is twofold.")
]
TypeOption = Annotated[
    SnapshotType,
    typer.Option("--type", case_sensitive=False, help="INCREMENTAL reads while streaming goes on; BLOCKING stops it."),
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; kept in the ledger.")]
KeyOption = Annotated[
    str | None,
    typer.Option("--key", help="Idempotency key: the same call again sends nothing and shows what the first one did."),
]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Show the progress until the end.")]


def snapshot(
    topics: TopicsArgument,
    snapshot_type: TypeOption = SnapshotType.INCREMENTAL,
    reason: ReasonOption = None,
    key: KeyOption = None,
    watch: WatchOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Snapshot topics: find the source connectors that write them, and signal each for just those topics.

    It asks a running gateway, which has the secrets and follows the snapshots; `--direct` does without one. Exits with
    1 unless every topic was taken, with `--watch` unless every one was read.

    **Examples:** `topicsnap snapshot shop.public.orders shop.public.customers --watch` ·
    `topicsnap snapshot billing.public.audit_log --type blocking --reason "lost partition"`
    """
    console = Console(file=sys.stderr if json else sys.stdout)

    async def work() -> BulkView:
        async with open_backend(server, direct=direct) as backend:
            ids = [await backend.find_topic(topic) for topic in topics]
            view = await backend.snapshot(ids, snapshot_type, reason=reason, key=key)
            if not json:
                _show(view, console)
            return await watch_bulk(lambda: backend.bulk(view.id), console) if watch else view

    view = run(work)
    if view is None:
        return
    if json:
        sys.stdout.write(orjson.dumps(view, option=orjson.OPT_INDENT_2).decode() + "\n")
    elif watch:
        console.print(summary(view), markup=False, highlight=False, soft_wrap=True)
    if not (view.succeeded if watch else view.taken):
        raise typer.Exit(Exit.FAILED)


def _show(view: BulkView, console: Console) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False, soft_wrap=True)

    line(f"Bulk snapshot {view.id} ({view.snapshot_type})")
    for source in view.sources:
        names = ", ".join(topic.name for topic in source.topics)
        line(f"  {source.source}: {source.state}{f' - {source.message}' if source.message else ''} [{names}]")
    for skip in view.skips:
        line(f"  skipped {skip.name or skip.topic_id}: {skip.reason} - {skip.message}")
