"""What `import` and `sync` print of what they did to the catalogue."""

import pytest

from gateway.cli.changes import ChangesData, changes_data, print_changes
from snapshots.catalog.changes import CatalogChanges, CatalogItem, ItemChanges

CHANGES = CatalogChanges(
    clusters=ItemChanges(unchanged=1), topics=ItemChanges(added=(CatalogItem("top_1", "shop.orders"),))
)
NOTHING: ChangesData = {"added": [], "changed": [], "retired": [], "unchanged": 0}


def test_an_import_has_the_names_of_graphql() -> None:
    assert changes_data(CHANGES) == {
        "clusters": {"added": (), "changed": (), "retired": (), "unchanged": 1},
        "connectors": {"added": (), "changed": (), "retired": (), "unchanged": 0},
        "topics": {"added": ({"id": "top_1", "name": "shop.orders"},), "changed": (), "retired": (), "unchanged": 0},
        "dryRun": False,
    }


def test_each_sort_is_counted_and_its_items_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    added: ChangesData = {**NOTHING, "added": [{"id": "top_1", "name": "shop.orders"}], "unchanged": 2}
    print_changes({"connectors": NOTHING, "topics": added})
    assert capsys.readouterr().out.splitlines() == [
        "connectors: 0 added, 0 changed, 0 retired, 0 unchanged",
        "topics: 1 added, 0 changed, 0 retired, 2 unchanged",
        "  + shop.orders  top_1",
    ]


def test_what_a_dry_run_would_add_has_no_id(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes({"topics": {**NOTHING, "added": [{"id": None, "name": "shop.orders"}]}})
    assert capsys.readouterr().out.splitlines()[1:] == ["  + shop.orders"]


def test_many_items_are_counted_after_the_first_twenty(capsys: pytest.CaptureFixture[str]) -> None:
    items = [{"id": f"top_{number}", "name": f"t{number}"} for number in range(25)]
    print_changes({"topics": {**NOTHING, "retired": items}})  # type: ignore[typeddict-item] # the ids are there
    assert capsys.readouterr().out.splitlines()[-1] == "  - and 5 more"
