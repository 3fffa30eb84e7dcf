"""Where `sync`, `snapshot` and `watch` do their work: at a running gateway, or on the database itself.

A gateway is the default: it runs anyway, follows what it dispatched, and has the secrets that the catalogue refers to
in its environment. `--direct` calls the same resolvers in the command's own process.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Protocol

from gateway.cli.health import SourceHealth
from gateway.cli.verdicts import TopicVerdict
from gateway.cli.views import BulkView
from gateway.settings import load
from snapshots.catalog.contents import SyncResult
from snapshots.errors import TopicsnapError
from snapshots.vocabulary import SnapshotType


class NotKnownError(TopicsnapError):
    """What a command names does not exist, or its name says too little."""


class Backend(Protocol):
    """What the commands need. Every method raises TopicsnapError."""

    async def find_topic(self, name_or_id: str) -> str:
        """Return the id of the topic that is meant by an id, a name, or `cluster/name`. Raises NotKnownError."""
        ...

    async def snapshot(
        self,
        topic_ids: Sequence[str],
        snapshot_type: SnapshotType,
        *,
        reason: str | None,
        key: str | None,
        verify: bool = False,
    ) -> BulkView:
        """Ask for a bulk snapshot and return it as it was answered."""
        ...

    async def verify(self, snapshot_id: str) -> list[str]:
        """Ask for a verification of a source or bulk snapshot; return the ids of the source snapshots."""
        ...

    async def verdicts(self, source_snapshot_ids: Sequence[str]) -> list[TopicVerdict]:
        """Return how the verifications of the topics of source snapshots stand."""
        ...

    async def retry(
        self, bulk_id: str, snapshot_ids: Sequence[str] | None, *, reason: str | None, key: str | None
    ) -> BulkView:
        """Ask for what failed of a bulk snapshot once more, of all its source snapshots where none is named."""
        ...

    async def bulk(self, bulk_id: str) -> BulkView:
        """Return a bulk snapshot as it is now. Raises NotKnownError."""
        ...

    async def sync(self, cluster: str | None, *, dry_run: bool) -> SyncResult:
        """Bring the catalogue up to date, for one cluster by name or id, or for all. Raises NotKnownError."""
        ...

    async def health(self, names: Sequence[str]) -> list[SourceHealth]:
        """Check the sources that are meant by ids, names or `cluster/name`; all for none. Raises NotKnownError."""
        ...


@asynccontextmanager
async def open_backend(server: str, *, direct: bool) -> AsyncIterator[Backend]:
    """Yield the gateway at `server`, or with `direct` the database. Raises SettingsError, StartError, DatabaseError."""
    if direct:
        from gateway.cli.direct import DirectBackend
        from gateway.databases import open_database
        from gateway.metrics import NoMetrics
        from gateway.services import open_runtime

        settings = load()
        async with (
            open_database(settings, attach=True) as url,
            open_runtime(settings, url, metrics=NoMetrics()) as runtime,
        ):
            yield DirectBackend(runtime.services)
        return
    from gateway.cli.graphql_client import GraphQLClient
    from gateway.cli.remote import RemoteBackend

    async with GraphQLClient.open(server) as client:
        yield RemoteBackend(client)


def choose(name_or_id: str, found: Sequence[tuple[str, str, str]]) -> str:
    """Return the id of the one topic of `found`, triples of id, cluster and name. Raises NotKnownError otherwise."""
    if not found:
        raise NotKnownError(f"No topic has the name or id {name_or_id}.")
    if len(found) > 1:
        places = ", ".join(sorted(f"{cluster}/{name}" for _, cluster, name in found))
        raise NotKnownError(f"Several topics are named {name_or_id}: say which by {places}.")
    return found[0][0]


def choose_sources(names: Sequence[str], found: Sequence[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """Return those of `found`, triples of id, cluster and name, that `names` mean; all for none.

    Raises NotKnownError where a name means none of them.
    """
    if not names:
        return list(found)
    chosen: dict[str, tuple[str, str, str]] = {}
    for wanted in names:
        meant = [one for one in found if wanted in {one[0], one[2], f"{one[1]}/{one[2]}"}]
        if not meant:
            raise NotKnownError(f"No source connector has the name or id {wanted}.")
        chosen |= {one[0]: one for one in meant}
    return list(chosen.values())


def split_name(name: str) -> tuple[str | None, str]:
    """Return cluster and topic of `cluster/topic`; a topic's own name holds no slash (Kafka's rule)."""
    cluster, separator, topic = name.rpartition("/")
    return (cluster, topic) if separator else (None, name)
