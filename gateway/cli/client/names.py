"""Finding what a name or an id on the command line means."""

from collections.abc import Iterable, Sequence

from gateway.cli.client.client import Client, NodeData
from snapshots.errors import TopicsnapError


class NotKnownError(TopicsnapError):
    """What a command names does not exist, or several things have the name."""


async def find_topic(client: Client, name_or_id: str) -> str:
    """Return the id of the topic that is meant by an id, a name, or `cluster/name`. Raises NotKnownError."""
    if (await client.execute("topic", id=name_or_id))["topic"]:
        return name_or_id
    cluster, name = split_name(name_or_id)
    found = [
        node
        async for node in client.nodes_of("topics", name=name)
        if node["name"] == name and cluster in {None, node["cluster"]}
    ]
    return choose_topic(name_or_id, found)


async def find_sources(client: Client, names: Sequence[str]) -> list[NodeData]:
    """Return id, name and cluster of the connectors that are meant by ids, names or `cluster/name`; all for none.

    Raises NotKnownError.
    """
    return choose_sources(names, [node async for node in client.nodes_of("sources")])


async def find_cluster(client: Client, name_or_id: str) -> str:
    """Return the id of a cluster by its name; what is no name that is known is taken for an id.

    GraphQL does not list clusters: a gateway's are known by the names of those that have connectors.
    """
    ids = await client.transport.cluster_ids()
    if not ids:
        ids = {node["cluster"]: node["clusterId"] async for node in client.nodes_of("sources")}
    return name_or_id if name_or_id in ids.values() else ids.get(name_or_id, name_or_id)


def choose_topic(name_or_id: str, found: Sequence[NodeData]) -> str:
    """Return the id of the one topic of `found`. Raises NotKnownError where there is none, or more than one."""
    if not found:
        raise NotKnownError(
            f"No topic has the name or id {name_or_id}. `topicsnap sync` reads new topics into the catalogue."
        )
    if len(found) > 1:
        places = ", ".join(sorted(_place(node) for node in found))
        raise NotKnownError(f"Several topics are named {name_or_id}. Name one of them with its cluster: {places}.")
    return str(found[0]["id"])


def choose_sources(names: Sequence[str], found: Iterable[NodeData]) -> list[NodeData]:
    """Return those of `found` that `names` mean, each once; all for none. Raises NotKnownError."""
    known = list(found)
    if not names:
        return known
    chosen: dict[str, NodeData] = {}
    for wanted in names:
        meant = [node for node in known if wanted in {node["id"], node["name"], _place(node)}]
        if not meant:
            raise NotKnownError(
                f"No source connector has the name or id {wanted}. `topicsnap sync` reads new connectors into the "
                "catalogue."
            )
        chosen |= {node["id"]: node for node in meant}
    return list(chosen.values())


def split_name(name: str) -> tuple[str | None, str]:
    """Return cluster and topic of `cluster/topic`; a topic's own name holds no slash (Kafka's rule)."""
    cluster, separator, topic = name.rpartition("/")
    return (cluster, topic) if separator else (None, name)


def _place(node: NodeData) -> str:
    return f"{node['cluster']}/{node['name']}"
