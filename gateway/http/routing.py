"""The routes of the operations: GraphQL, and its REST twin."""

import asyncio
from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute

from gateway.graphql.limits import OperationLimits
from gateway.graphql.route import AppRoute
from gateway.graphql.view import GraphQLOptions, build_graphql_app
from gateway.graphql.websocket import SocketOptions
from gateway.rest.routes import rest_routes
from gateway.settings import Settings
from resolvers.principal import LOCAL_PRINCIPAL, Principal
from resolvers.services import Services

GRAPHQL = "/graphql"


def operation_routes(
    settings: Settings, services: Services, stopping: asyncio.Event | None = None
) -> Sequence[BaseRoute]:
    """Return the routes of `/graphql`, of the REST twin and of its description; `stopping` ends subscriptions."""
    options = GraphQLOptions(
        limits=OperationLimits(
            tokens=settings.query_token_limit,
            depth=settings.query_depth_limit,
            aliases=settings.query_alias_limit,
            fields=settings.query_field_limit,
        ),
        body_limit_bytes=settings.request_body_limit,
        timeout_seconds=settings.operation_timeout_seconds,
        introspection=settings.introspection,
        suggestions=settings.suggestions,
        sockets=SocketOptions(operations=settings.connection_operation_limit, allowed_origins=settings.allowed_origins),
    )
    return [
        AppRoute(GRAPHQL, build_graphql_app(services, local_principal, options, stopping)),
        *rest_routes(services, local_principal, body_limit_bytes=settings.request_body_limit),
    ]


async def local_principal(_: HTTPConnection) -> Principal:
    """Everybody who reaches the port: the settings see to it that only this machine does."""
    return LOCAL_PRINCIPAL
