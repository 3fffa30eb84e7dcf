"""What clients see of an exception: its message where it was meant for them, else a number to ask about."""

import logging

from graphql import GraphQLError

from persistence.database.errors import DatabaseUnavailableError
from schema.paths import graphql_path
from snapshots.errors import RequestError, UnconfirmedError

logger = logging.getLogger(__name__)

INTERNAL_ERROR = "INTERNAL_ERROR"
SERVICE_UNAVAILABLE = "SERVICE_UNAVAILABLE"


def present(error: GraphQLError, request_id: str) -> GraphQLError:
    """Return `error` as clients may see it.

    What GraphQL itself found, and what we raise for clients, passes, the latter with `extensions.code`. Everything else
    is logged with `request_id`, masked, and carries the id as `extensions.requestId`.
    """
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError):
        return error
    if isinstance(cause, RequestError):
        extensions: dict[str, object] = {"code": cause.code.value}
        if cause.field:
            extensions["field"] = graphql_path(cause.field)
        return _with(error, cause.message, extensions)
    if isinstance(cause, UnconfirmedError):
        return _with(error, cause.message, {"code": cause.code.value})
    if isinstance(cause, DatabaseUnavailableError):
        logger.error("request %s: %s", request_id, cause)
        message = "The gateway's database does not answer at the moment; try again later."
        return _with(error, message, {"code": SERVICE_UNAVAILABLE, "requestId": request_id})
    logger.error("request %s failed unexpectedly at %s", request_id, error.path, exc_info=cause)
    return _with(error, "Unexpected error.", {"code": INTERNAL_ERROR, "requestId": request_id})


def mask(error: Exception, request_id: str) -> GraphQLError:
    """Return what clients may see of `error`, which kept an operation from having a result at all."""
    return present(GraphQLError("Unexpected error.", original_error=error), request_id)


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )
