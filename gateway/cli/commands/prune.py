"""`topicsnap prune`: retention of the ledger."""

import getpass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import fail, run
from gateway.cli.options import JsonOption, UrlOption
from gateway.cli.output import print_json
from gateway.cli.parsers import moment, whole_number
from gateway.errors import SettingsError
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from snapshots.audit import Pruned

BeforeOption = Annotated[
    datetime | None,
    typer.Option(
        "--before", parser=moment, metavar="MOMENT", help="Remove what was requested before this time (ISO 8601)."
    ),
]
KeepOption = Annotated[
    int | None,
    typer.Option(
        "--keep-days",
        parser=whole_number(0, 36500),
        metavar="NUMBER",
        help="Remove what is older than this number of days.",
    ),
]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only tell what would be removed.")]


def prune(
    before: BeforeOption = None,
    keep_days: KeepOption = None,
    dry_run: DryRunOption = False,
    url: UrlOption = None,
    json: JsonOption = False,
) -> None:
    """Remove old bulk snapshots that have ended, with everything that belongs to them, from the ledger.

    The command acts as the owner of the tables, because the gateway's own role cannot delete events. It may run while
    gateways do. It never removes a bulk snapshot that has not ended or holds a source, or whose idempotency key is
    still remembered. The ledger records for good what was removed, when and by whom.

    **Examples:** `topicsnap prune --keep-days 365 --dry-run` · `topicsnap prune --before 2026-01-01`
    """
    if (before is None) == (keep_days is None):
        raise typer.BadParameter("Give either --before or --keep-days.")
    try:
        settings = load(database_url=url)
    except SettingsError as error:
        fail(error)
    pruned = run(lambda: _prune(settings, before, keep_days, dry_run=dry_run))
    if pruned is None:
        return
    if json:
        print_json(_data(pruned))
        return
    typer.echo(_sentence(pruned, dry_run=dry_run))


async def _prune(settings: Settings, before: datetime | None, keep_days: int | None, *, dry_run: bool) -> "Pruned":
    from gateway.databases import open_database
    from persistence.database.pool import Database
    from persistence.ledger.pruning import LedgerPruning
    from persistence.migrations import require_head
    from resolvers.principal import LOCAL_PRINCIPAL
    from snapshots.identifiers import PRUNING, IdMaker, utc_now

    now, tenant_id = utc_now(), LOCAL_PRINCIPAL.tenant_id
    limit = before if before is not None else now - timedelta(days=keep_days or 0)
    async with open_database(settings, attach=True) as url:
        database = Database.connect(url, role=None, application_name="topicsnap prune", deadlines=None)
        try:
            await require_head(database)
            ledger = LedgerPruning(database, idempotency_days=settings.idempotency_days)
            if dry_run:
                return await ledger.count(tenant_id, before=limit, at=now)
            pruning_id = IdMaker()(PRUNING)
            return await ledger.prune(tenant_id, before=limit, at=now, pruning_id=pruning_id, by=_user())
        finally:
            await database.close()


def _data(pruned: "Pruned") -> dict[str, object]:
    """Return it with GraphQL's names for what was counted."""
    return {
        "bulkSnapshots": pruned.bulk_snapshots,
        "sourceSnapshots": pruned.source_snapshots,
        "topics": pruned.topics,
        "signals": pruned.signals,
        "skippedTopics": pruned.skipped_topics,
        "events": pruned.events,
        "deadLetters": pruned.dead_letters,
        "failedScans": pruned.failed_scans,
        "oldest": pruned.oldest,
        "newest": pruned.newest,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have a number and no name
        return "somebody"


def _sentence(pruned: "Pruned", *, dry_run: bool) -> str:
    verb = "Would remove" if dry_run else "Removed"
    beside = f"{pruned.dead_letters:,} dead letters, {pruned.failed_scans:,} cleared failed scans."
    if not pruned.bulk_snapshots or pruned.oldest is None or pruned.newest is None:
        return f"{verb} {beside}" if pruned.dead_letters or pruned.failed_scans else "Nothing to remove."
    return (
        f"{verb} {pruned.bulk_snapshots:,} bulk snapshots requested from {pruned.oldest:%Y-%m-%d} to "
        f"{pruned.newest:%Y-%m-%d}: {pruned.source_snapshots:,} source snapshots, {pruned.topics:,} topics, "
        f"{pruned.signals:,} signals, {pruned.skipped_topics:,} skipped topics, {pruned.events:,} events, "
        f"{beside}"
    )
