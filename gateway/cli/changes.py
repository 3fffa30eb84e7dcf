"""Printing what an operation did to the catalogue."""

import sys
from dataclasses import asdict

import orjson
import typer

from snapshots.catalog import CatalogChanges, Changes

_MOST_NAMES = 20


def print_changes(changes: CatalogChanges, *, json: bool, clusters: bool = True) -> None:
    """Print it as lines for people, or as JSON; without `clusters` where the operation has nothing to say of them."""
    if json:
        given = asdict(changes)
        if not clusters:
            del given["clusters"]
        sys.stdout.write(orjson.dumps(given, option=orjson.OPT_INDENT_2).decode() + "\n")
        return
    if changes.dry_run:
        typer.echo("Dry run: nothing was changed.")
    if clusters:
        _print_sort("clusters", changes.clusters)
    _print_sort("connectors", changes.connectors)
    _print_sort("topics", changes.topics)


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
