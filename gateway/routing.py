"""The routes of the operations: GraphQL, and its REST twin."""

from collections.abc import Sequence

from starlette.routing import BaseRoute

from gateway.settings import Settings
from resolvers.services import Services


def operation_routes(settings: Settings, services: Services) -> Sequence[BaseRoute]:
    """Return the routes of `/graphql`, of the REST twin and of its description."""
    return []


def graphiql_path(settings: Settings) -> str | None:
    """Return the path of the GraphiQL page, None where it is not served."""
    return None
