"""Clearing restart requirements by an operator's word: incremental snapshots are taken again without a restart."""

from dataclasses import dataclass

from resolvers.principal import Principal
from resolvers.services import Services
from snapshots.following.failed_scans import ClearErrorCode, ClearRequest, check
from snapshots.model import SourceConnector


@dataclass(frozen=True, slots=True)
class Clearance:
    """What became of one of the ids of the request."""

    source_id: str
    source: SourceConnector | None
    """None where no connector has the id."""
    cleared: bool
    """Whether there was something to be cleared."""

    @property
    def success(self) -> bool:
        """Whether the connector needs no restart now."""
        return self.source is not None

    @property
    def code(self) -> ClearErrorCode | None:
        """Why nothing could be cleared; None where it could."""
        return ClearErrorCode.NOT_FOUND if self.source is None else None

    @property
    def message(self) -> str:
        """What became of it, for people."""
        if self.source is None:
            return "No source connector has this id."
        return "Cleared; it takes incremental snapshots again." if self.cleared else "It needed no restart."


async def clear_restart_requirements(
    services: Services, principal: Principal, request: ClearRequest
) -> tuple[Clearance, ...]:
    """Clear what the connectors of `request` need; return one answer for each distinct id, in order of appearance.

    Who cleared it and why stays on record. A call again clears nothing more. Raises InvalidRequestError before anything
    is read.
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
