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


@view(Principal, description="The caller who sends this request, and what the gateway lets them work with.")
class ViewerType:
    """The caller."""

    subject: str = strawberry.field(description="The name by which the ledger knows the caller.")
    tenant_id: str = strawberry.field(
        name="tenant",
        description="The tenant of the caller. They see the topics, connectors and snapshots of this tenant only.",
    )
    permissions: list[str] = computed(
        _permissions,
        "What the caller may do, in alphabetical order. Not enforced yet: no operation asks for a "
        "permission. More words may be added.",
    )
    simulated: bool = computed(
        _simulated, "Whether the engine is simulated. If so, signals are only written down, and no table is ever read."
    )


VIEWER = computed(_viewer, "The caller who sends this request, as the gateway sees them.", type=ViewerType)
