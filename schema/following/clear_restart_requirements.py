"""Taking a connector without the restart that it needs: input and payload of `clearRestartRequirements`."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import strawberry

from resolvers.following.clear_restart_requirements import Clearance
from schema.catalog.source_connector import SourceConnector
from schema.enums import GROWS, publish
from schema.user_error import UserError, user_errors
from snapshots.errors import RequestError
from snapshots.following.failed_scans import ClearRequest


class ClearErrorCode(StrEnum):
    """Why a restart requirement was not cleared."""

    NOT_FOUND = "NOT_FOUND"


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


@strawberry.type(description="What became of the restart requirement of one source connector.")
class ClearRestartRequirementResult:
    """One answer for each distinct id."""

    id: strawberry.ID = strawberry.field(description="The id of the source connector, as it was sent.")
    success: bool = strawberry.field(description="Whether the connector needs no restart now.")
    code: ClearErrorCode | None = strawberry.field(description="Why nothing could be cleared; null where it could.")
    message: str = strawberry.field(description="What became of it, for people.")
    source: SourceConnector | None = strawberry.field(description="The connector; null where none has the id.")

    @classmethod
    def from_domain(cls, answer: Clearance) -> Self:
        """Return what clients see of `answer`."""
        message = "No source connector has this id."
        if answer.source is not None:
            message = "Cleared; it takes incremental snapshots again." if answer.cleared else "It needed no restart."
        return cls(
            id=strawberry.ID(answer.source_id),
            success=answer.source is not None,
            code=None if answer.source else ClearErrorCode.NOT_FOUND,
            message=message,
            source=SourceConnector.from_domain(answer.source) if answer.source else None,
        )


@strawberry.type(description="What was cleared. Where there are user errors, nothing was.")
class ClearRestartRequirementsPayload:
    """The answer of `clearRestartRequirements`."""

    results: list[ClearRestartRequirementResult] = strawberry.field(
        description="One for each distinct id, in order of first appearance in `sourceIds`."
    )
    user_errors: list[UserError] = strawberry.field(
        description="What is wrong with the request as a whole; empty where it was carried out."
    )
    client_mutation_id: str | None = strawberry.field(description="As it was sent.")

    @classmethod
    def from_domain(cls, answers: Sequence[Clearance], client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was carried out."""
        results = [ClearRestartRequirementResult.from_domain(answer) for answer in answers]
        return cls(results=results, user_errors=[], client_mutation_id=client_mutation_id)

    @classmethod
    def refused(cls, error: RequestError, client_mutation_id: str | None) -> Self:
        """Return the answer to a request that was refused."""
        return cls(results=[], user_errors=user_errors(error), client_mutation_id=client_mutation_id)
