"""Printing what an operation did to the catalogue."""

import sys
from dataclasses import asdict

import orjson
import typer

from snapshots.catalog.contents import CatalogChanges, Changes, SyncResult

_MOST_NAMES = 20


def print_changes(changes: CatalogChanges, *, json: bool) -> None:
    """Print what an import did, as lines for people or as JSON."""
    if json:
        _print_json(asdict(changes))
        return
    _print_sort("clusters", changes.clusters)
    _print_connectors_and_topics(changes)


def print_sync(result: SyncResult, *, json: bool) -> None:
    """Print what a synchronisation did and could not read, but nothing of clusters: those come from imports alone."""
    changes = result.changes
    if json:
        given = asdict(changes)
        del given["clusters"]
        _print_json(given | {"unreadable": [asdict(part) for part in result.unreadable]})
        return
    if changes.dry_run:
        typer.echo("Dry run: nothing was changed.")
    _print_connectors_and_topics(changes)
    if result.unreadable:
        typer.echo(f"not read: {len(result.unreadable)}")
    for part in result.unreadable:
        place = part.cluster if part.source is None else f"{part.cluster}/{part.source}"
        typer.echo(f"  ! {place}  {part.reason}")


def _print_json(given: dict[str, object]) -> None:
    sys.stdout.write(orjson.dumps(given, option=orjson.OPT_INDENT_2).decode() + "\n")


def _print_connectors_and_topics(changes: CatalogChanges) -> None:
    _print_sort("connectors", changes.connectors)
    _print_sort("topics", changes.topics)


def _print_sort(sort: str, changes: Changes) -> None:
    typer.echo(
        f"{sort}: {len(changes.added)} added, {len(changes.changed)} changed, {len(changes.retired)} retired, "
        f"{changes.unchanged} unchanged"
    )
    for mark, items in (("+", changes.added), ("~", changes.changed), ("-", changes.retired)):
        for item in items[:_MOST_NAMES]:
            typer.echo(f"  {mark} {item.name}  {item.id or ''}".rstrip())
        if len(items) > _MOST_NAMES:
            typer.echo(f"  {mark} and {len(items) - _MOST_NAMES} more")
