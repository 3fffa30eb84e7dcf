"""Commands at a running gateway: GraphQL, as any other client."""

from collections.abc import Mapping, Sequence
from typing import Any

from gateway.cli import verdicts
from gateway.cli.backend import NotKnownError, choose, choose_sources, split_name
from gateway.cli.graphql_client import GraphQLClient
from gateway.cli.health import HEALTH_FIELDS, SourceHealth, findings_from_graphql
from gateway.cli.verdicts import VERDICT_FIELDS, TopicVerdict
from gateway.cli.views import BULK_FIELDS, BulkView, from_graphql, with_answers
from snapshots.catalog.contents import CatalogChanges, CatalogItem, Changes, SyncResult
from snapshots.errors import InvalidRequestError, RequestError
from snapshots.ports.cluster_observer import Unreadable
from snapshots.vocabulary import SnapshotType, UserErrorCode

_TOPIC = "query CommandTopic($id: ID!) { topic(id: $id) { id } }"
_TOPICS = """
query CommandTopics($name: String!, $after: String) {
  topics(first: 500, after: $after, filter: {nameContains: $name}) {
    edges { node { id cluster name } } pageInfo { hasNextPage endCursor }
  }
}
"""
_TAKEN = f"""
    bulkSnapshot {{ {BULK_FIELDS} }}
    results {{ message snapshot {{ id }} }}
    userErrors {{ code message field }}
"""
_SNAPSHOT = f"""
mutation CommandSnapshot($input: BulkSnapshotTopicsInput!) {{ bulkSnapshotTopics(input: $input) {{ {_TAKEN} }} }}
"""
_RETRY = f"""
mutation CommandRetry($input: RetryBulkSnapshotInput!) {{ retryBulkSnapshot(input: $input) {{ {_TAKEN} }} }}
"""
_VERIFY = """
mutation CommandVerify($input: VerifySnapshotInput!) {
  verifySnapshot(input: $input) { snapshots { id } userErrors { code message field } }
}
"""
_VERDICTS = f"""
query CommandVerdicts($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on SourceSnapshot {{ {VERDICT_FIELDS} }} }} }}
"""
_BULK = f"query CommandBulk($id: ID!) {{ bulkSnapshot(id: $id) {{ {BULK_FIELDS} }} }}"
_ITEMS = "{ added { id name } changed { id name } retired { id name } unchanged }"
_SYNC = f"""
mutation CommandSync($input: SyncCatalogInput!) {{
  syncCatalog(input: $input) {{
    connectors {_ITEMS} topics {_ITEMS} dryRun
    unreadable {{ cluster source reason }} userErrors {{ code message field }}
  }}
}}
"""

_SOURCES = """
query CommandSources($after: String) {
  sources(first: 500, after: $after) { edges { node { id cluster name } } pageInfo { hasNextPage endCursor } }
}
"""
_HEALTH = f"""
query CommandHealth($ids: [ID!]!) {{ nodes(ids: $ids) {{ id ... on SourceConnector {{ {HEALTH_FIELDS} }} }} }}
"""
_SOURCES_AT_ONCE = 16
"""How many sources one question is about: the gateway looks at several at once, and limits how long it takes."""


class RemoteBackend:
    """Asks one gateway."""

    def __init__(self, client: GraphQLClient) -> None:
        """Ask by `client`."""
        self._client = client

    async def find_topic(self, name_or_id: str) -> str:
        """Return the id of the topic that is meant."""
        if (await self._client.execute(_TOPIC, {"id": name_or_id}))["topic"]:
            return name_or_id
        cluster, name = split_name(name_or_id)
        found: list[tuple[str, str, str]] = []
        after: str | None = None
        while True:
            page = (await self._client.execute(_TOPICS, {"name": name, "after": after}))["topics"]
            nodes = [edge["node"] for edge in page["edges"]]
            found.extend(
                (node["id"], node["cluster"], name)
                for node in nodes
                if node["name"] == name and cluster in {None, node["cluster"]}
            )
            if not page["pageInfo"]["hasNextPage"]:
                return choose(name_or_id, found)
            after = page["pageInfo"]["endCursor"]

    async def snapshot(
        self,
        topic_ids: Sequence[str],
        snapshot_type: SnapshotType,
        *,
        reason: str | None,
        key: str | None,
        verify: bool = False,
    ) -> BulkView:
        """Have the gateway carry the request out."""
        given = {
            "topicIds": list(topic_ids),
            "snapshotType": snapshot_type,
            "reason": reason,
            "idempotencyKey": key,
            "verify": verify,
        }
        return _taken((await self._client.execute(_SNAPSHOT, {"input": given}))["bulkSnapshotTopics"])

    async def retry(
        self, bulk_id: str, snapshot_ids: Sequence[str] | None, *, reason: str | None, key: str | None
    ) -> BulkView:
        """Have the gateway carry the retry out."""
        given = {
            "bulkSnapshotId": bulk_id,
            "snapshotIds": list(snapshot_ids) if snapshot_ids else None,
            "reason": reason,
            "idempotencyKey": key,
        }
        return _taken((await self._client.execute(_RETRY, {"input": given}))["retryBulkSnapshot"])

    async def verify(self, snapshot_id: str) -> list[str]:
        """Have a worker of the gateway verify it."""
        payload = (await self._client.execute(_VERIFY, {"input": {"snapshotId": snapshot_id}}))["verifySnapshot"]
        _check(payload["userErrors"])
        return [snapshot["id"] for snapshot in payload["snapshots"]]

    async def verdicts(self, source_snapshot_ids: Sequence[str]) -> list[TopicVerdict]:
        """Ask how they stand."""
        nodes = (await self._client.execute(_VERDICTS, {"ids": list(source_snapshot_ids)}))["nodes"]
        return [verdict for node in nodes if node for verdict in verdicts.from_graphql(node)]

    async def bulk(self, bulk_id: str) -> BulkView:
        """Ask how it stands."""
        bulk = (await self._client.execute(_BULK, {"id": bulk_id}))["bulkSnapshot"]
        if bulk is None:
            raise NotKnownError(f"No bulk snapshot has the id {bulk_id}.")
        return from_graphql(bulk)

    async def sync(self, cluster: str | None, *, dry_run: bool) -> SyncResult:
        """Have the gateway read the clusters."""
        given = {"clusterId": cluster, "dryRun": dry_run}
        payload = (await self._client.execute(_SYNC, {"input": given}))["syncCatalog"]
        errors = payload["userErrors"]
        # What could not be read is told with its reasons in any case.
        _check([error for error in errors if error["code"] != UserErrorCode.CLUSTER_UNREACHABLE])
        return SyncResult(
            CatalogChanges(
                connectors=_changes(payload["connectors"]),
                topics=_changes(payload["topics"]),
                dry_run=payload["dryRun"],
            ),
            tuple(Unreadable(part["cluster"], part["source"], part["reason"]) for part in payload["unreadable"]),
            nothing_read=bool(errors),
        )

    async def health(self, names: Sequence[str]) -> list[SourceHealth]:
        """Have the gateway look at them."""
        found: list[tuple[str, str, str]] = []
        after: str | None = None
        while True:
            page = (await self._client.execute(_SOURCES, {"after": after}))["sources"]
            nodes = [edge["node"] for edge in page["edges"]]
            found.extend((node["id"], node["cluster"], node["name"]) for node in nodes)
            if not page["pageInfo"]["hasNextPage"]:
                break
            after = page["pageInfo"]["endCursor"]
        chosen = choose_sources(names, found)
        checked: list[SourceHealth] = []
        for start in range(0, len(chosen), _SOURCES_AT_ONCE):
            batch = chosen[start : start + _SOURCES_AT_ONCE]
            nodes = (await self._client.execute(_HEALTH, {"ids": [id for id, _, _ in batch]}))["nodes"]
            checked += [
                SourceHealth(id, cluster, name, findings_from_graphql((node or {}).get("health") or ()))
                for (id, cluster, name), node in zip(batch, nodes, strict=True)
            ]
        return checked


def _taken(payload: dict[str, Any]) -> BulkView:
    _check(payload["userErrors"])
    messages = {result["snapshot"]["id"]: result["message"] for result in payload["results"]}
    return with_answers(from_graphql(payload["bulkSnapshot"]), messages)


def _check(errors: Sequence[Mapping[str, Any]]) -> None:
    if errors:
        raise InvalidRequestError(tuple(_error(error) for error in errors))


def _error(error: Mapping[str, Any]) -> RequestError:
    code = error["code"]
    # A newer gateway may know codes that we do not.
    known = UserErrorCode(code) if code in set(UserErrorCode) else UserErrorCode.INVALID_VALUE
    return RequestError(known, error["message"], tuple(error["field"] or ()))


def _changes(given: Mapping[str, Any]) -> Changes:
    def items(sort: str) -> tuple[CatalogItem, ...]:
        return tuple(CatalogItem(item["id"], item["name"]) for item in given[sort])

    return Changes(items("added"), items("changed"), items("retired"), given["unchanged"])
