"""What can go wrong between Topicsnap and its own database; every message is fit for the operator to read."""

from snapshots.errors import TopicsnapError


class DatabaseError(TopicsnapError):
    """Topicsnap's own database cannot be used; the message never holds a password."""


class DatabaseUnavailableError(DatabaseError):
    """The database does not answer, is starting or stopping, or has no connection left; a retry may help."""


class AccessRefusedError(DatabaseError):
    """The server answers, but not for this user, password, database or role."""


class PoolExhaustedError(DatabaseUnavailableError):
    """All of this process's connections were busy for longer than a caller should wait."""


class DatabaseBusyError(DatabaseUnavailableError):
    """The database gave up a transaction that took, waited or collided too long; nothing of it stands."""


class UnsupportedServerError(DatabaseError):
    """The server is older than Topicsnap can work with."""


class NotMigratedError(DatabaseError):
    """The tables are missing or of another version than this code; `topicsnap migrate` helps."""
