"""What `import` and `sync` print: of what they did, and of nothing that they do not know."""

import json

import pytest

from gateway.cli.changes import print_changes, print_sync
from snapshots.catalog.contents import CatalogChanges, CatalogItem, Changes, SyncResult
from snapshots.ports.cluster_observer import Unreadable

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
    print_sync(SyncResult(CHANGES), json=False)
    assert "clusters" not in capsys.readouterr().out
    print_sync(SyncResult(CHANGES), json=True)
    assert json.loads(capsys.readouterr().out) == {
        "connectors": {"added": [], "changed": [], "retired": [], "unchanged": 0},
        "topics": {"added": [{"id": "top_1", "name": "shop.orders"}], "changed": [], "retired": [], "unchanged": 0},
        "dry_run": False,
        "unreadable": [],
    }


def test_a_synchronisation_names_what_it_could_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    parts = (Unreadable("main", "shop", "Its database is away."), Unreadable("lab", None, "It does not answer."))
    print_sync(SyncResult(CHANGES, parts), json=False)
    assert capsys.readouterr().out.splitlines()[-3:] == [
        "not read: 2",
        "  ! main/shop  Its database is away.",
        "  ! lab  It does not answer.",
    ]
    print_sync(SyncResult(CHANGES, parts), json=True)
    assert json.loads(capsys.readouterr().out)["unreadable"] == [
        {"cluster": "main", "source": "shop", "reason": "Its database is away."},
        {"cluster": "lab", "source": None, "reason": "It does not answer."},
    ]
