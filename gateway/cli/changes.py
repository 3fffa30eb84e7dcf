"""Printing what an operation did to the catalogue, with GraphQL's names: of `import` and of `sync`."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import TypedDict

import typer

from snapshots.catalog.changes import CatalogChanges

_MOST_NAMES = 20


class ItemData(TypedDict):
    """Something that was touched; no id for what a dry run would add."""

    id: str | None
    name: str


class ChangesData(TypedDict):
    """What was done to the items of one sort: what CatalogChangesFields.graphql selects."""

    added: list[ItemData]
    changed: list[ItemData]
    retired: list[ItemData]
    unchanged: int


def changes_data(changes: CatalogChanges) -> dict[str, object]:
    """Return `changes` with the names that `syncCatalog` has for them, and the clusters, which it leaves alone."""
    given = asdict(changes)
    return {sort: given[sort] for sort in ("clusters", "connectors", "topics")} | {"dryRun": changes.dry_run}


def print_changes(sorts: Mapping[str, ChangesData]) -> None:
    """Print for each sort what was done, as lines for people."""
    for sort, changes in sorts.items():
        typer.echo(
            f"{sort}: {len(changes['added'])} added, {len(changes['changed'])} changed, "
            f"{len(changes['retired'])} retired, {changes['unchanged']} unchanged"
        )
        for mark, items in (("+", changes["added"]), ("~", changes["changed"]), ("-", changes["retired"])):
            for item in items[:_MOST_NAMES]:
                typer.echo("  ".join(filter(None, (f"  {mark} {item['name']}", item["id"]))))
            if len(items) > _MOST_NAMES:
                typer.echo(f"  {mark} and {len(items) - _MOST_NAMES} more")
