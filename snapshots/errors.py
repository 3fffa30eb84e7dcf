"""The errors that Topicsnap raises on purpose; each has a message for users."""

from typing import TypeAlias

from snapshots.vocabulary import SnapshotErrorCode, UserErrorCode

FieldPath: TypeAlias = tuple[str | int, ...]
"""The way into a request: names of fields, and positions in lists, for example `("options", 3, "topic_id")`."""


class TopicsnapError(Exception):
    """An expected failure; its message is written for users."""


class RequestError(TopicsnapError):
    """The whole request is refused; nothing was sent.

    Attributes: code, message, field (its path into the request; empty where the request as a whole is wrong, None where
    nothing that was sent is). Each gateway spells the path in its own way.
    """

    def __init__(self, code: UserErrorCode, message: str, field: FieldPath | None = None) -> None:
        """Build the error from its code, a sentence for the user and the path of the field that is wrong."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.findings: tuple[RequestError, ...] = (self,)
        """Everything that is wrong with the request, in the order in which it was found; at least one."""


class InvalidRequestError(RequestError):
    """Several findings about one request at once, in the order in which they were found (at least one)."""

    def __init__(self, findings: tuple[RequestError, ...]) -> None:
        """Gather the findings; the first lends its code and message."""
        super().__init__(findings[0].code, findings[0].message, findings[0].field)
        self.findings = findings


class SourceError(TopicsnapError):
    """One source certainly cannot take the snapshot: nothing reached the engine."""

    def __init__(self, code: SnapshotErrorCode, message: str, *, retryable: bool) -> None:
        """Build the error; `retryable`: the same call may succeed later without a change of configuration."""
        super().__init__(message)
        self.code = code
        self.message = message
        self.retryable = retryable


class UnconfirmedError(TopicsnapError):
    """The signal may or may not have reached the engine: the deadline passed or the connection broke while sending."""

    def __init__(self, message: str, code: SnapshotErrorCode = SnapshotErrorCode.DISPATCH_TIMEOUT) -> None:
        """Build the error from a sentence for the user."""
        super().__init__(message)
        self.code = code
        self.message = message


class ClusterUnreachableError(TopicsnapError):
    """Kafka Connect of a cluster did not answer, or its answer cannot be read."""


class DatabaseUnreachableError(TopicsnapError):
    """A source database did not answer, or refused the credentials."""

    def __init__(self, reason: str) -> None:
        """Build the error from a few words without secrets, such as `SQLSTATE 28P01`."""
        super().__init__(f"The source database cannot be read ({reason}).")
        self.reason = reason


class SecretError(TopicsnapError):
    """A reference to a secret cannot be resolved (variable not set, file not readable, unknown scheme)."""


class FilterError(TopicsnapError):
    """A row filter cannot be rendered for this source."""


class UnreadableError(TopicsnapError):
    """What a verification wants to read cannot be read; the message is a clause without a full stop.

    Attributes: passing (whether a later look may succeed).
    """

    def __init__(self, message: str, *, passing: bool = False) -> None:
        """Build the error from a clause for the user."""
        super().__init__(message)
        self.passing = passing
