"""What every resolver of a GraphQL request can reach: services, principal, loaders. Never a database session."""

from dataclasses import dataclass
from typing import TypeAlias

import strawberry

from resolvers.principal import Principal
from resolvers.services import Services
from schema.loaders import Loaders


@dataclass(frozen=True, slots=True)
class RequestContext:
    """Made by the gateway for each request (for each operation on a WebSocket), and dropped with it."""

    services: Services
    principal: Principal
    loaders: Loaders
    request_id: str

    @classmethod
    def make(cls, services: Services, principal: Principal, request_id: str) -> "RequestContext":
        """Return a context with fresh loaders, so that nothing read for one request is shown to another."""
        return cls(services, principal, Loaders(services, principal.tenant_id), request_id)


Info: TypeAlias = strawberry.Info[RequestContext, None]
