"""The API over a real PostgreSQL and an engine in memory: what the tests of GraphQL and of REST work with."""

import asyncio
import json
from collections.abc import AsyncIterator, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp

from gateway.endpoints import Endpoints
from gateway.graphql.view import GraphQLOptions, build_graphql_app
from gateway.http.app_route import AppRoute
from gateway.metrics import ProcessMetrics
from gateway.rest.routes import rest_routes
from gateway.routes import graphql_options
from gateway.settings import load
from persistence.database.pool import Database
from persistence.database.statement_counter import StatementCounter
from resolvers.principal import LOCAL_PRINCIPAL, Principal
from resolvers.services import Services
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.channels import SignalChannelKind
from snapshots.engines.recording import RecordingChannel
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.ports.connector_states import ConnectorObservation
from snapshots.vocabulary import ConnectorState, Dialect, TopicProducer
from tests.support.asgi import Answer, ask
from tests.support.services import make_engine, make_services
from tests.support.time_limits import TimeLimits

OBSERVED_AT = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)
OTHER_TENANT = Principal("other", "stranger")
ACCEPTED = "The channel accepted the signal; follow the snapshot for its outcome."
"""What a source says that has taken its signal."""

SHOP = CatalogImport(
    clusters=(ImportedCluster("main", "http://connect.example:8083", "kafka.example:9092", id="clu_main"),),
    connectors=tuple(
        ImportedConnector(
            "main",
            name,
            id=f"src_{name}",
            dialect=Dialect.POSTGRESQL,
            topic_prefix=name,
            signal_channel=channel,
            signal_topic=f"{name}-signal",
            notification_topic=f"{name}.notifications",
            version="3.6.3.Final",
        )
        for name, channel in (
            ("shop", SignalChannelKind.KAFKA),
            ("billing", SignalChannelKind.KAFKA),
            ("stock", SignalChannelKind.KAFKA),
        )
    ),
    topics=(
        *(
            ImportedTopic(
                "main",
                f"{source}.public.{table}",
                id=f"top_{table}",
                connector=source,
                data_collection=f"public.{table}",
                keyless=False,
                exists=True,
            )
            for source, table in (
                ("shop", "orders"),
                ("shop", "customers"),
                ("billing", "invoices"),
                ("billing", "payments"),
                ("stock", "items"),
            )
        ),
        ImportedTopic(
            "main", "shop.public.log", id="top_log", connector="shop", data_collection="public.log", keyless=True
        ),
        ImportedTopic("main", "notes", id="top_notes", producer=TopicProducer.MANUAL, exists=True),
        ImportedTopic("main", "shop.public.lost", id="top_lost", connector="shop"),
    ),
)
"""Three connectors with two, two and one plain topics; then a keyless topic, a manual one and an unmapped one."""


class States:
    """Kafka Connect, as far as states go: everything runs unless a test says otherwise."""

    def __init__(self) -> None:
        self.states = dict.fromkeys(("shop", "billing", "stock", "bulk"), ConnectorState.RUNNING)
        self.unreachable = False

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        if self.unreachable:
            raise ClusterUnreachableError(f"Kafka Connect of {cluster.name} does not answer.")
        return {name: ConnectorObservation(name, state, OBSERVED_AT) for name, state in self.states.items()}


class Observer:
    """Kafka Connect, as far as the catalogue goes."""

    def __init__(self) -> None:
        self.observed = ObservedCluster()
        self.unreachable = False
        self.away: set[str] = set()
        """Names of clusters that are unreachable by themselves."""

    async def observe(self, cluster: Cluster, database_url_refs: Mapping[str, str]) -> ObservedCluster:
        if self.unreachable or cluster.name in self.away:
            raise ClusterUnreachableError(f"Kafka Connect of {cluster.name} does not answer.")
        return self.observed


@dataclass
class Api:
    """The API, and what stands behind it."""

    services: Services
    database: Database
    channel: RecordingChannel
    states: States
    observer: Observer
    time_limits: TimeLimits = field(default_factory=TimeLimits)
    """Those of dispatches."""
    principal: Principal = LOCAL_PRINCIPAL
    options: GraphQLOptions = field(default_factory=lambda: graphql_options(load()))
    operation_limits: TimeLimits = field(default_factory=TimeLimits)
    """Those of queries and mutations."""
    metrics: ProcessMetrics = field(default_factory=ProcessMetrics)

    async def principal_of(self, connection: HTTPConnection) -> Principal:
        return self.principal

    _apps: dict[tuple[Services, GraphQLOptions], ASGIApp] = field(default_factory=dict)

    @property
    def endpoints(self) -> Endpoints:
        return Endpoints(self.principal_of, self.metrics, timeout_seconds=60.0, time_limit=self.operation_limits)

    @property
    def app(self) -> ASGIApp:
        key = self.services, self.options
        if key not in self._apps:
            self._apps[key] = self._build()
        return self._apps[key]

    def _build(self) -> ASGIApp:
        graphql = build_graphql_app(self.services, self.endpoints, self.options, asyncio.Event())
        rest = rest_routes(self.services, self.endpoints, body_limit_bytes=self.options.body_limit_bytes)
        return Starlette(routes=[AppRoute("/graphql", graphql), *rest])

    def over(self, services: Services) -> "Api":
        """The same API over other services."""
        return replace(self, services=services)

    async def post(self, body: object, path: str = "/graphql", **headers: str) -> Answer:
        """Send `body`, JSON unless it is bytes."""
        encoded = body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"content-type": "application/json"} | {name.replace("_", "-"): text for name, text in headers.items()}
        return await ask(self.app, "POST", path, body=encoded, headers=sent)

    async def graphql(self, query: str, variables: Mapping[str, object] | None = None, **headers: str) -> Any:  # noqa: ANN401 (JSON)
        """Execute `query`, and return the whole answer."""
        return (await self.post({"query": query, "variables": variables}, **headers)).json()

    async def data(self, query: str, variables: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 (JSON)
        """Execute `query`, which has to go well, and return the data."""
        answer = await self.graphql(query, variables)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    async def snapshot(self, *topic_ids: str, selection: str, **more: object) -> Any:  # noqa: ANN401 (JSON)
        """Run the mutation for `topic_ids`, and return the payload."""
        query = f"mutation($input: BulkSnapshotTopicsInput!) {{ bulkSnapshotTopics(input: $input) {{ {selection} }} }}"
        return (await self.data(query, {"input": {"topicIds": topic_ids, **more}}))["bulkSnapshotTopics"]

    def counting(self) -> StatementCounter:
        return StatementCounter(self.database)


@pytest.fixture
async def api(database: Database) -> AsyncIterator[Api]:
    """The API over the shop's catalogue; dispatches have all the time until a test says that it is over."""
    channel, states, observer, time_limits = RecordingChannel(), States(), Observer(), TimeLimits()
    engine = make_engine({SignalChannelKind.KAFKA: channel}, states, observer=observer)
    services = make_services(database, engine, time_limit=time_limits)
    await services.catalog_writer.import_catalog(LOCAL_PRINCIPAL.tenant_id, SHOP)
    yield Api(services, database, channel, states, observer, time_limits)
    await services.progress.close()
    await services.background.drain(5)
