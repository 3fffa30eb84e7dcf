"""Who asks, and what answers."""

from typing import Self

import strawberry

from resolvers.principal import Principal


@strawberry.type(description="Who is asking, as the gateway sees it, and what it would be working with.")
class Viewer:
    """The caller."""

    subject: str = strawberry.field(description="The name by which the ledger knows the caller.")
    tenant: str = strawberry.field(description="The tenant whose topics, connectors and snapshots the caller sees.")
    permissions: list[str] = strawberry.field(
        description="What the caller may do, in alphabetical order; more words may be added."
    )
    simulated: bool = strawberry.field(
        description="Whether the engine is simulated: signals are only written down, and no table is ever read."
    )

    @classmethod
    def from_domain(cls, principal: Principal, *, simulated: bool) -> Self:
        """Return what clients see of `principal`."""
        return cls(
            subject=principal.subject,
            tenant=principal.tenant_id,
            permissions=sorted(principal.permissions),
            simulated=simulated,
        )
