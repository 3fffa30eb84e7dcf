"""What `import` and `sync` print: of what they did, and of nothing that they do not know."""

import json

import pytest

from gateway.cli.changes import print_changes
from snapshots.catalog import CatalogChanges, CatalogItem, Changes

CHANGES = CatalogChanges(clusters=Changes(unchanged=1), topics=Changes(added=(CatalogItem("top_1", "shop.orders"),)))


def test_an_import_tells_of_clusters(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes(CHANGES, json=False)
    assert capsys.readouterr().out.splitlines() == [
        "clusters: 0 added, 0 changed, 0 retired, 1 unchanged",
        "connectors: 0 added, 0 changed, 0 retired, 0 unchanged",
        "topics: 1 added, 0 changed, 0 retired, 0 unchanged",
        "  + shop.orders  top_1",
    ]


def test_a_synchronisation_which_leaves_clusters_alone_does_not(capsys: pytest.CaptureFixture[str]) -> None:
    print_changes(CHANGES, json=False, clusters=False)
    assert "clusters" not in capsys.readouterr().out
    print_changes(CHANGES, json=True, clusters=False)
    assert json.loads(capsys.readouterr().out) == {
        "connectors": {"added": [], "changed": [], "retired": [], "unchanged": 0},
        "topics": {"added": [{"id": "top_1", "name": "shop.orders"}], "changed": [], "retired": [], "unchanged": 0},
        "dry_run": False,
    }
