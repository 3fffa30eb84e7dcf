"""The main job, once and for real: several topics of several sources, snapshotted by one mutation, on a real Debezium.

Whatever else the real engine does is the business of `make test-real`: read-only connectors too, two of whose threads
now and then stumble over each other (docs/debezium.md).
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
import pytest
from starlette.types import ASGIApp

from gateway.app import Parts, build_app
from gateway.demo.guide import MUTATION, PROGRESS
from gateway.engine import debezium
from gateway.metrics import ProcessMetrics
from gateway.routes import operation_routes
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.topics import Record, count_snapshot_rows, read_topics
from sandbox.waiting import eventually
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.vocabulary import TopicProducer
from tests.asgi import ask
from tests.e2e.chain import start_source, topics_of
from tests.e2e.gateway import following, reference
from tests.e2e.sources import Made, OwnSource

END_SECONDS = 60.0
CLUSTER = "main job"
YARD = OwnSource(Source("yard", channel="source", include={"schema.include.list": "public"}), (Made("crates", 500),))
"""A third source, beside the sandbox's `shop` and `billing`."""
ROWS = {
    "shop.public.customers": 2000,
    "shop.public.products": 300,
    "billing.public.payments": 6000,
    "billing.public.refunds": 60,
    "yard.public.crates": 500,
}
"""What is asked for, and how many rows its table has."""
KEYLESS, TRANSFORMED = "shop.public.audit_log", "orders_enriched"
TOPICS = "query { topics(first: 500) { edges { node { id name } } } }"

pytestmark = pytest.mark.main_job


@pytest.fixture
async def gateway(sandbox: Sandbox, database_url: str) -> AsyncIterator[ASGIApp]:
    """The API as `topicsnap serve` wires it, over a catalogue that Kafka Connect and the databases told of."""
    await sandbox.broker.create_topics([YARD.source.notification_topic, *topics_of(YARD)])
    await start_source(sandbox, YARD, notifications=YARD.source.notification_topic)
    sources = [one.source for name, one in sandbox.sources.items() if name != "crm"] + [YARD.source]
    environ = {reference(one).removeprefix("env:"): sandbox.postgres.url(one.name) for one in sources}
    settings, metrics = load(), ProcessMetrics()
    engine = debezium(ReferencedSecrets(environ))
    async with open_runtime(settings, database_url, engine=engine, metrics=metrics) as runtime:
        await import_catalog(runtime.services, LOCAL_PRINCIPAL, operators_word(sandbox, sources))
        result = await sync_catalog(runtime.services, LOCAL_PRINCIPAL, None)
        assert not result.nothing_read
        async with following(runtime.services, group="main-job"):
            yield build_app(Parts(routes=operation_routes(settings, runtime.services, metrics, asyncio.Event())))


def operators_word(sandbox: Sandbox, sources: Sequence[Source]) -> CatalogImport:
    """What an operator has to say."""
    channels = {"kafka": SignalChannelKind.KAFKA, "source": SignalChannelKind.SOURCE_TABLE}
    return CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        tuple(
            ImportedConnector(
                CLUSTER, one.connector, signal_channel=channels[one.channel], database_url_ref=reference(one)
            )
            for one in sources
        ),
        (ImportedTopic(CLUSTER, TRANSFORMED, producer=TopicProducer.TRANSFORM, exists=True),),
    )


async def execute(app: ASGIApp, query: str, variables: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
    """Execute an operation, which has to go well, and return its data."""
    body = orjson.dumps({"query": query, "variables": variables})
    sent = {"content-type": "application/json", "host": "localhost"}
    answer = (await ask(app, "POST", "/graphql", body=body, headers=sent)).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def test_topics_of_three_sources_are_snapshotted_to_their_last_row(gateway: ASGIApp, sandbox: Sandbox) -> None:
    """By signal table and over Kafka, with topics that are skipped, each for its reason."""
    edges = (await execute(gateway, TOPICS))["topics"]["edges"]
    ids = {edge["node"]["name"]: edge["node"]["id"] for edge in edges}
    asked = [ids[name] for name in (*ROWS, KEYLESS, TRANSFORMED)]

    payload = (await execute(gateway, MUTATION, {"input": {"topicIds": [*asked, "top_unknown"]}}))["bulkSnapshotTopics"]

    assert payload["userErrors"] == []
    assert {(one["source"]["name"], one["success"]) for one in payload["results"]} == {
        ("shop-connector", True),
        ("billing-connector", True),
        ("yard-connector", True),
    }
    assert [skip["reason"] for skip in payload["skippedTopics"]] == [
        "KEYLESS_TABLE",
        "NOT_FROM_SOURCE",
        "TOPIC_NOT_FOUND",
    ]
    assert payload["summary"] == {
        "total": 3,
        "succeeded": 3,
        "failed": 0,
        "unconfirmed": 0,
        "topics": 5,
        "skippedTopics": 3,
    }

    async def ended() -> Any:  # noqa: ANN401 (JSON)
        seen = (await execute(gateway, PROGRESS, {"id": payload["bulkSnapshot"]["id"]}))["bulkSnapshot"]
        return seen if seen["state"] != "IN_PROGRESS" else None

    seen = await eventually(ended, END_SECONDS, "the end of the bulk snapshot")
    assert seen["state"] == "COMPLETED", seen
    assert seen["progress"] == {"topicsFinished": 5, "topicsTotal": 5, "rowsScanned": str(sum(ROWS.values()))}
    topics = [topic for snapshot in seen["snapshots"] for topic in snapshot["topics"]]
    assert {topic["topic"]["name"]: topic["rowsScanned"] for topic in topics} == {
        name: str(rows) for name, rows in ROWS.items()
    }
    assert {topic["outcome"] for topic in topics} == {"SUCCEEDED"}

    def all_there(records: Sequence[Record]) -> bool:
        return count_snapshot_rows(records) == ROWS

    records = await read_topics(sandbox.broker.bootstrap, (*ROWS, KEYLESS), all_there, END_SECONDS)
    assert count_snapshot_rows(records) == ROWS
