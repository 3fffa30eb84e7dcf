"""The routes of the operations: GraphQL and its REST twin, as the settings want them."""

import asyncio
from collections.abc import Sequence

from starlette.routing import BaseRoute

from gateway.auth.choice import authentication
from gateway.endpoints import Endpoints
from gateway.graphql.limits import OperationLimits
from gateway.graphql.view import GraphQLOptions, build_graphql_app
from gateway.graphql.websocket import SocketOptions
from gateway.http.app_route import AppRoute
from gateway.metrics import Metrics
from gateway.rest.routes import rest_routes
from gateway.settings import Settings
from resolvers.services import Services

GRAPHQL = "/graphql"


def operation_routes(
    settings: Settings, services: Services, metrics: Metrics, stopping: asyncio.Event
) -> Sequence[BaseRoute]:
    """Return the routes of `/graphql`, of the REST twin and of its description; `stopping` ends subscriptions."""
    endpoints = Endpoints(authentication(settings.auth), metrics, timeout_seconds=settings.operation_timeout_seconds)
    return [
        AppRoute(GRAPHQL, build_graphql_app(services, endpoints, graphql_options(settings), stopping)),
        *rest_routes(services, endpoints, body_limit_bytes=settings.request_body_limit),
    ]


def graphql_options(settings: Settings) -> GraphQLOptions:
    """Return how the GraphQL endpoint behaves by the settings."""
    return GraphQLOptions(
        limits=OperationLimits(
            tokens=settings.query_token_limit,
            depth=settings.query_depth_limit,
            aliases=settings.query_alias_limit,
            fields=settings.query_field_limit,
        ),
        body_limit_bytes=settings.request_body_limit,
        introspection=settings.introspection,
        suggestions=settings.suggestions,
        sockets=SocketOptions(operations=settings.connection_operation_limit, allowed_origins=settings.allowed_origins),
    )
