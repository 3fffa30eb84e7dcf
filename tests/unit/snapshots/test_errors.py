"""Errors carry what an answer needs, and can all be caught as one kind."""

import pytest

from snapshots import errors
from snapshots.errors import InvalidRequestError, RequestError, SourceError, TopicsnapError, UnconfirmedError
from snapshots.vocabulary import SnapshotErrorCode, UserErrorCode


def test_every_error_is_a_topicsnap_error() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, BaseException)]

    assert len(kinds) > 1
    assert all(issubclass(kind, TopicsnapError) for kind in kinds)


def test_a_request_error_names_the_field_that_is_wrong() -> None:
    error = RequestError(UserErrorCode.INVALID_ID, "No such id.", ("filter", "id"))

    assert (error.code, error.message, error.field) == (UserErrorCode.INVALID_ID, "No such id.", ("filter", "id"))
    assert str(error) == "No such id."
    assert error.findings == (error,)


def test_the_first_of_several_findings_speaks_for_all() -> None:
    first = RequestError(UserErrorCode.INVALID_ID, "First.", ("topic_ids", 0))
    second = RequestError(UserErrorCode.INVALID_OPTION, "Second.", ("options", 0))

    error = InvalidRequestError((first, second))

    assert (error.code, error.message, error.field) == (first.code, first.message, first.field)
    assert error.findings == (first, second)


@pytest.mark.parametrize("retryable", [True, False])
def test_a_source_error_says_whether_to_ask_again(*, retryable: bool) -> None:
    error = SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Down.", retryable=retryable)

    assert (error.code, str(error), error.retryable) == (SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Down.", retryable)


def test_what_is_unconfirmed_is_by_default_so_because_time_ran_out() -> None:
    error = UnconfirmedError("Gone while sending.")

    assert (error.code, error.message) == (SnapshotErrorCode.DISPATCH_TIMEOUT, "Gone while sending.")
