"""The demo's catalogue, where a part of what it is filled from cannot be read."""

import io
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import pytest
from rich.console import Console

from gateway.demo.chain import CLUSTER, Chain
from gateway.demo.run import fill_catalog
from gateway.demo.steps import Steps
from gateway.errors import StartError
from persistence.database.pool import Database
from snapshots.catalog.imported import CatalogImport, ImportedCluster
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster, Unreadable
from tests.integration.resolvers.bench import make_world
from tests.support.services import with_engine

REASON = "The database of connector shop-connector cannot be read (SQLSTATE 28P01)."


class Observer:
    """A cluster of which a source cannot be read, or nothing at all."""

    def __init__(self, *, away: bool) -> None:
        self._away = away

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        if self._away:
            raise ClusterUnreachableError("Kafka Connect of cluster demo cannot be asked.")
        return ObservedCluster(unreadable=(Unreadable(cluster.name, "shop-connector", REASON),))


NO_ENGINE: Any = nullcontext()


@pytest.mark.parametrize("sync", [True, False])
async def test_what_cannot_be_read_is_told(database: Database, database_url: str, sync: bool) -> None:  # noqa: FBT001
    chain = Chain(
        database_url, NO_ENGINE, CatalogImport((ImportedCluster(CLUSTER, "http://connect.example:8083"),)), sync=sync
    )
    services = with_engine(make_world(database).services, observer=Observer(away=False))
    told = await fill_catalog(services, chain, Steps(Console(file=io.StringIO())))
    assert told == ((REASON,) if sync else ())


async def test_a_demo_without_a_catalogue_does_not_start(database: Database, database_url: str) -> None:
    chain = Chain(
        database_url, NO_ENGINE, CatalogImport((ImportedCluster(CLUSTER, "http://connect.example:8083"),)), sync=True
    )
    services = with_engine(make_world(database).services, observer=Observer(away=True))
    with pytest.raises(StartError, match=r"cannot be filled\. Kafka Connect of cluster demo cannot be asked"):
        await fill_catalog(services, chain, Steps(Console(file=io.StringIO())))
