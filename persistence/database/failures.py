"""What PostgreSQL's errors mean for a caller: whether it is worth a retry, in a sentence fit for operators."""

from asyncpg.exceptions import InterfaceError, InternalClientError, PostgresError
from sqlalchemy.exc import DBAPIError

from persistence.database.errors import DatabaseBusyError, DatabaseError, DatabaseUnavailableError

FAILURES = (DBAPIError, PostgresError, InterfaceError, OSError)
"""What statements raise; those that prepare a new connection raise asyncpg's own. TimeoutError is an OSError."""

# PostgreSQL's documentation, appendix A: error codes.
_GIVEN_UP = {
    "57014": "a statement took too long, or was cancelled",
    "55P03": "a statement waited too long for a lock",
    "40P01": "two transactions waited for each other",
    "40001": "another transaction was faster",
}
_NOT_NOW = {
    "25P03": "a transaction rested too long",
    "25006": "it takes no writes",
    "57P01": "it is stopping, or an administrator ended the connection",
    "57P02": "it has crashed",
    "57P03": "it is starting or stopping",
    "57P05": "the connection was idle for too long",
}
_NO_RESOURCES = "53"
# Data exceptions, violations of integrity constraints, two rows where one may be, and values too large for an index.
_OF_THE_VALUES = ("21", "22", "23", "54")
_CONNECTION = "08"


def explained(error: BaseException, target: str) -> DatabaseError | None:
    """Return the error of ours that `error` of the database at `target` means, None where it is a fault of ours.

    Whatever it was, the transaction was rolled back, except that a COMMIT whose answer is missing may have worked.
    """
    if isinstance(error, DatabaseError):
        return None
    code = _code(error)
    if code in _GIVEN_UP:
        return DatabaseBusyError(f"PostgreSQL at {target} gave up a transaction: {_GIVEN_UP[code]}.")
    if code in _NOT_NOW:
        return DatabaseUnavailableError(f"PostgreSQL at {target} cannot be used now: {_NOT_NOW[code]}.")
    if code is not None and code.startswith(_NO_RESOURCES):
        return DatabaseUnavailableError(f"PostgreSQL at {target} lacks resources: {_cause(error)}.")
    return _lost(error, code, target)


def is_of_the_values(error: BaseException) -> bool:
    """Whether what was to be written is why `error` was raised, so that the same would fail again, and it alone.

    False for all that any other statement may meet as well: a database that is away or busy, tables or grants that are
    not there. True for an error that does not come from the database at all, unless the
    process lacks memory.
    """
    if isinstance(error, DatabaseError | OSError | InterfaceError | InternalClientError | MemoryError):
        return False
    if isinstance(error, DBAPIError | PostgresError):
        code, cause = _code(error), _cause(error)
        # The driver itself refuses a value that fits no column; SQLAlchemy wraps its error twice.
        refused = isinstance(cause, ValueError) or isinstance(getattr(cause, "__cause__", None), ValueError)
        return refused or (code is not None and code.startswith(_OF_THE_VALUES))
    return True


def _lost(error: BaseException, code: str | None, target: str) -> DatabaseError | None:
    if isinstance(error, TimeoutError):
        return DatabaseUnavailableError(f"PostgreSQL at {target} did not answer in time.")
    broke = isinstance(error, OSError | InterfaceError) or (code is not None and code.startswith(_CONNECTION))
    if broke or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return DatabaseUnavailableError(f"The connection to PostgreSQL at {target} broke.")
    return None


def _code(error: BaseException) -> str | None:
    found = getattr(_cause(error), "sqlstate", None)
    return found if isinstance(found, str) else None


def _cause(error: BaseException) -> BaseException | None:
    return error.orig if isinstance(error, DBAPIError) else error
