"""`topicsnap migrate`: the tables, brought to what this version needs."""

from typing import TYPE_CHECKING, Annotated

import typer

from gateway.cli.exits import Exit, fail, run
from gateway.cli.options import UrlOption
from gateway.errors import SettingsError
from gateway.settings import Settings, load

if TYPE_CHECKING:
    from persistence.migrations import MigrationState

CheckOption = Annotated[
    bool, typer.Option("--check", help="Change nothing; exit with 1 where there is something to do.")
]


def migrate(url: UrlOption = None, check: CheckOption = False) -> None:
    """Create or update the tables of Topicsnap's database.

    It may run while gateways do. If several run at once, one migrates and the others wait.

    **Examples:** `topicsnap migrate` · `topicsnap migrate --check` · `topicsnap migrate --url postgresql://owner@db/topicsnap`
    """
    try:
        settings = load(database_url=url)
    except SettingsError as error:
        fail(error)
    before, after = run(lambda: _migrate(settings, check=check)) or (None, None)
    if before is None or after is None:
        return
    if check and not after.is_current:
        typer.echo(f"The database is at {after.current or 'no revision'}, this version needs {after.head}.")
        raise typer.Exit(Exit.FAILED)
    if before.current == after.current:
        typer.echo(f"Nothing to do: the database is at {after.head}.")
    else:
        typer.echo(f"Migrated from {before.current or 'nothing'} to {after.current}.")


async def _migrate(settings: Settings, *, check: bool) -> "tuple[MigrationState, MigrationState]":
    from gateway.databases import open_database
    from persistence.migrations import state, upgrade

    async with open_database(settings, attach=True) as url:
        before = await state(url)
        if check or before.is_current:
            return before, before
        await upgrade(url)
        return before, await state(url)
