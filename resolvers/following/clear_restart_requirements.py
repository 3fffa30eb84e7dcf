"""Clearing restart requirements at an operator's request: incremental snapshots are allowed without a restart."""

from dataclasses import dataclass

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.following.failed_scans import ClearErrorCode, ClearRequest, check
from snapshots.model import SourceConnector


@dataclass(frozen=True, slots=True)
class Clearance:
    """The result for one of the requested ids."""

    source_id: str
    source: SourceConnector | None
    """None if no connector has the id."""
    cleared: bool
    """Whether there was a requirement to clear."""

    @property
    def success(self) -> bool:
        """Whether the connector needs no restart now."""
        return self.source is not None

    @property
    def code(self) -> ClearErrorCode | None:
        """Why nothing could be cleared; None if it could."""
        return ClearErrorCode.NOT_FOUND if self.source is None else None

    @property
    def message(self) -> str:
        """The result, for people."""
        if self.source is None:
            return "No source connector has this id."
        return "Cleared; it takes incremental snapshots again." if self.cleared else "It needed no restart."


async def clear_restart_requirements(
    services: Services, principal: Principal, request: ClearRequest
) -> tuple[Clearance, ...]:
    """Clear the requirements of the connectors in `request`; return one answer for each distinct id, in their order.

    The ledger records who cleared it and why. A repeated call clears nothing more. Raises InvalidRequestError before
    anything is read.
    """
    check(request)
    sources = await services.catalog.sources(principal.tenant_id, request.distinct_ids)
    cleared = await services.background.finish(
        services.ledger.failed_scans.clear(
            principal.tenant_id, list(sources), by=principal.subject, reason=request.reason, at=services.clock()
        )
    )
    return tuple(
        Clearance(source_id, sources.get(source_id), source_id in cleared) for source_id in request.distinct_ids
    )
