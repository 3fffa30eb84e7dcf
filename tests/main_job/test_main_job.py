"""The main job, once and for real: several topics of several sources, snapshotted by one mutation, on a real Debezium.

Over each way to signal a connector. Whatever else the real engine does is the business of `make test-real`.
"""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import ASGIApp

from gateway.app import Parts, build_app
from gateway.demo.real import describe
from gateway.engine import debezium
from gateway.http.routing import operation_routes
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from sandbox.stack import Sandbox
from tests.e2e.gateway import following

END_SECONDS = 60.0
ROWS = {"shop.public.orders": 2000, "billing.public.invoices": 1500, "crm.public.contacts": 2500}
KEYLESS, OF_A_TRANSFORM = "shop.public.audit_log", "orders_enriched"
_TOPICS = "query { topics(first: 500) { nodes { id name } } }"

pytestmark = pytest.mark.main_job


@pytest.fixture
async def gateway(sandbox: Sandbox, database_url: str) -> AsyncIterator[ASGIApp]:
    """The API as `topicsnap serve` wires it, over the sandbox's three sources."""
    variables = {name: f"{name.upper()}_DATABASE_URL" for name in sandbox.sources}
    secrets = ReferencedSecrets({variables[name]: one.database_url for name, one in sandbox.sources.items()})
    settings = load()
    async with open_runtime(settings, database_url, engine=debezium(secrets)) as runtime:
        services = runtime.services
        await import_catalog(services, LOCAL_PRINCIPAL, describe(sandbox, variables))
        assert (await sync_catalog(services, LOCAL_PRINCIPAL, None)).unreadable == ()
        async with following(services, group="main-job"):
            yield build_app(Parts(routes=operation_routes(settings, services)))


async def execute(app: ASGIApp, query: str, **variables: object) -> Any:  # noqa: ANN401 (JSON)
    ...


async def test_topics_of_three_sources_are_snapshotted_to_their_last_row(
    gateway: ASGIApp, sandbox: Sandbox
) -> None: ...
