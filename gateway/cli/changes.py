"""Printing what an operation did to the catalogue."""

import sys

import orjson
import typer

from snapshots.catalog import CatalogChanges, Changes

_MOST_NAMES = 20


def print_changes(changes: CatalogChanges, *, json: bool) -> None:
    """Print it as lines for people, or as JSON."""
    if json:
        sys.stdout.write(orjson.dumps(changes, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    if changes.dry_run:
        typer.echo("Dry run: nothing was changed.")
    for sort, items in (("clusters", changes.clusters), ("connectors", changes.connectors), ("topics", changes.topics)):
        _print_sort(sort, items)


def _print_sort(sort: str, changes: Changes) -> None:
    typer.echo(
        f"{sort}: {len(changes.added)} added, {len(changes.changed)} changed, {len(changes.retired)} retired, "
        f"{changes.unchanged} unchanged"
    )
    for mark, items in (("+", changes.added), ("~", changes.changed), ("-", changes.retired)):
        for item in items[:_MOST_NAMES]:
            typer.echo(f"  {mark} {item.name}  {item.id}")
        if len(items) > _MOST_NAMES:
            typer.echo(f"  {mark} and {len(items) - _MOST_NAMES} more")
