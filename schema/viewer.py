"""Who asks, and what answers."""

import strawberry

from resolvers.principal import Principal
from schema.context import Info
from schema.fields import computed, view


def _permissions(principal: strawberry.Parent[Principal]) -> list[str]:
    return sorted(principal.permissions)


def _simulated(info: Info) -> bool:
    return info.context.services.engine.simulated


def _viewer(info: Info) -> Principal:
    """Tell the caller of themselves."""
    return info.context.principal


@view(Principal, description="Who is asking, as the gateway sees it, and what it would be working with.")
class ViewerType:
    """The caller."""

    subject: str = strawberry.field(description="The name by which the ledger knows the caller.")
    tenant_id: str = strawberry.field(
        name="tenant", description="The tenant whose topics, connectors and snapshots the caller sees."
    )
    permissions: list[str] = computed(
        _permissions, "What the caller may do, in alphabetical order; more words may be added."
    )
    simulated: bool = computed(
        _simulated, "Whether the engine is simulated: signals are only written down, and no table is ever read."
    )


VIEWER = computed(_viewer, "Who is asking.", type=ViewerType)
