"""The schema in this process: the same operations over the database, without a gateway."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Self

from graphql import GraphQLError
from strawberry.types import ExecutionContext

from gateway.cli.client.transport import Answer
from gateway.databases import open_database
from gateway.graphql.executor import PlainExecutor
from gateway.metrics import NoMetrics
from gateway.services import open_runtime
from gateway.settings import load
from persistence.migrations import require_head
from resolvers.principal import LOCAL_PRINCIPAL, Principal
from resolvers.services import Services
from resolvers.verification.verify_due import verify_due
from schema.assembly import TopicsnapSchema, build_schema
from schema.context import RequestContext


class _OpenSchema(TopicsnapSchema):
    """One that hides no errors: whoever runs the command may see them all."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Leave them as they are."""


class InProcessTransport:
    """Executes the schema as one principal."""

    def __init__(self, services: Services, principal: Principal) -> None:
        """Execute over `services`, as `principal`."""
        self._schema = build_schema(executor=PlainExecutor, kind=_OpenSchema)
        self._services = services
        self._principal = principal

    @classmethod
    @asynccontextmanager
    async def open(cls) -> AsyncIterator[Self]:
        """Yield one over the database of the settings, as the local principal.

        Raises SettingsError, StartError, DatabaseError.
        """
        settings = load()
        async with (
            open_database(settings, attach=True) as url,
            open_runtime(settings, url, metrics=NoMetrics()) as runtime,
        ):
            await require_head(runtime.database)
            yield cls(runtime.services, LOCAL_PRINCIPAL)

    async def send(self, document: str, variables: Mapping[str, object]) -> Answer:
        """Execute an operation; the first error that is not GraphQL's own is raised."""
        result = await self._schema.execute(
            document,
            variable_values=dict(variables),
            context_value=RequestContext.make(self._services, self._principal, "command"),
        )
        errors = result.errors or []
        for error in errors:
            if error.original_error is not None:
                raise error.original_error
        return {"data": result.data, "errors": [error.formatted for error in errors]}

    async def cluster_ids(self) -> Mapping[str, str]:
        """Read them from the catalogue."""
        clusters = await self._services.catalog.clusters(self._principal.tenant_id)
        return {cluster.name: cluster.id for cluster in clusters}

    async def work(self) -> None:
        """Verify what is due: a gateway's worker may not run at all."""
        await verify_due(self._services, self._principal.tenant_id)
