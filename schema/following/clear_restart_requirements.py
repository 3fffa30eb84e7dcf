"""`clearRestartRequirements`: its input, its payload and its field."""

from collections.abc import Mapping
from typing import Annotated

import strawberry

from resolvers.following.clear_restart_requirements import Clearance, clear_restart_requirements
from schema.catalog.source_connector import SourceConnectorType
from schema.context import Info
from schema.enums import GROWS, publish
from schema.fields import view
from schema.operations import operation
from schema.user_error import UserError
from snapshots.following.failed_scans import ClearErrorCode, ClearRequest

publish(
    ClearErrorCode,
    f"Why a restart requirement was not cleared. {GROWS}",
    {"NOT_FOUND": "No source connector has the id."},
)


@strawberry.input(description="Source connectors that may take incremental snapshots without a restart, and why.")
class ClearRestartRequirementsInput:
    """The input of `clearRestartRequirements`."""

    source_ids: list[strawberry.ID] = strawberry.field(
        description="Source connectors, 1 to 500; duplicates count, and are then taken once."
    )
    reason: str = strawberry.field(description="Why it is safe; kept on record; 1 to 2,000 characters.")
    client_mutation_id: str | None = strawberry.field(default=None, description="Returned as it is.")

    def to_domain(self) -> ClearRequest:
        """Return the request that this is, unchecked."""
        return ClearRequest(tuple(self.source_ids), self.reason)


@view(Clearance, description="What became of the restart requirement of one source connector.")
class ClearRestartRequirementResultType:
    """One answer for each distinct id."""

    source_id: strawberry.ID = strawberry.field(
        name="id", description="The id of the source connector, as it was sent."
    )
    success: bool = strawberry.field(description="Whether the connector needs no restart now.")
    code: ClearErrorCode | None = strawberry.field(description="Why nothing could be cleared; null where it could.")
    message: str = strawberry.field(description="What became of it, for people.")
    source: SourceConnectorType | None = strawberry.field(description="The connector; null where none has the id.")


@strawberry.type(description="What was cleared. Where there are user errors, nothing was.")
class ClearRestartRequirementsPayload:
    """The answer of `clearRestartRequirements`."""

    results: list[ClearRestartRequirementResultType] = strawberry.field(
        default_factory=list, description="One for each distinct id, in order of first appearance in `sourceIds`."
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")


async def _clear_restart_requirements(
    info: Info,
    input: Annotated[ClearRestartRequirementsInput, strawberry.argument(description="The source connectors, and why.")],
) -> Mapping[str, object]:
    context = info.context
    answers = await clear_restart_requirements(context.services, context.principal, input.to_domain())
    context.loaders.restart_requirements.clear_all()
    return {"results": answers}


CLEAR_RESTART_REQUIREMENTS = operation(
    ClearRestartRequirementsPayload,
    _clear_restart_requirements,
    "Let source connectors take incremental snapshots again although a table failed in mid-scan and their task was "
    "not restarted since (RESTART_REQUIRED). For somebody who knows that no row was left behind; else restart the "
    "task, whose start is seen without this. To clear again changes nothing.",
)
