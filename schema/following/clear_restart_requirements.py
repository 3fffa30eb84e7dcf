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
    {"NOT_FOUND": "No source connector has this id."},
)


@strawberry.input(
    description="The source connectors that may take incremental snapshots without a restart, and why that is safe."
)
class ClearRestartRequirementsInput:
    """The input of `clearRestartRequirements`."""

    source_ids: list[strawberry.ID] = strawberry.field(
        description="The ids of 1 to 500 source connectors. Duplicates count towards the limit and are handled once."
    )
    reason: str = strawberry.field(
        description="Why it is safe to go on without a restart, 1 to 2,000 characters. Kept on record."
    )
    client_mutation_id: str | None = strawberry.field(
        default=None, description="Any text of yours. The payload returns it unchanged."
    )

    def to_domain(self) -> ClearRequest:
        """Return the request that this is, unchecked."""
        return ClearRequest(tuple(self.source_ids), self.reason)


@view(Clearance, description="What happened to the restart requirement of one source connector.")
class ClearRestartRequirementResultType:
    """One answer for each distinct id."""

    source_id: strawberry.ID = strawberry.field(
        name="id", description="The id of the source connector, as you sent it."
    )
    success: bool = strawberry.field(description="Whether the connector needs no restart now.")
    code: ClearErrorCode | None = strawberry.field(
        description="Why the requirement was not cleared, for programs. Null if the connector needs no restart now."
    )
    message: str = strawberry.field(description="What happened to the requirement, as a sentence for people.")
    source: SourceConnectorType | None = strawberry.field(description="The source connector. Null if none has this id.")


@strawberry.type(description="The answer of `clearRestartRequirements`. If there are user errors, nothing was cleared.")
class ClearRestartRequirementsPayload:
    """The answer of `clearRestartRequirements`."""

    results: list[ClearRestartRequirementResultType] = strawberry.field(
        default_factory=list,
        description="One result for each distinct id, in order of first appearance in `sourceIds`.",
    )
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What is wrong with the request as a whole. Empty if it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="The `clientMutationId` of the input, unchanged.")


async def _clear_restart_requirements(
    info: Info,
    input: Annotated[
        ClearRestartRequirementsInput,
        strawberry.argument(description="The source connectors to clear, and why that is safe."),
    ],
) -> Mapping[str, object]:
    context = info.context
    answers = await clear_restart_requirements(context.services, context.principal, input.to_domain())
    context.loaders.restart_requirements.clear_all()
    return {"results": answers}


CLEAR_RESTART_REQUIREMENTS = operation(
    ClearRestartRequirementsPayload,
    _clear_restart_requirements,
    "Let source connectors take incremental snapshots again without the restart that a failed scan "
    "requires (RESTART_REQUIRED). Use this only if you know that no row was left behind. Otherwise "
    "restart the connector's task: Topicsnap notices the start by itself. Calling this again changes "
    "nothing.",
)
