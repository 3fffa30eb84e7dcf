"""The core's paths as GraphQL clients know them."""

import pytest

from schema.paths import graphql_path
from schema.user_error import user_errors
from snapshots.errors import FieldPath, InvalidRequestError, RequestError
from snapshots.vocabulary import UserErrorCode


def test_names_are_in_camel_case_and_positions_are_texts() -> None:
    assert graphql_path(("options", 3, "surrogate_key")) == ["options", "3", "surrogateKey"]
    assert graphql_path(("topic_ids", 0), inside=("input",)) == ["input", "topicIds", "0"]


@pytest.mark.parametrize(
    ("field", "seen"),
    [(None, None), ((), ["input"]), (("idempotency_key",), ["input", "idempotencyKey"])],
    ids=["nothing that was sent", "the request", "a field"],
)
def test_a_user_error_says_what_is_wrong(field: FieldPath | None, seen: list[str] | None) -> None:
    [error] = user_errors(RequestError(UserErrorCode.INVALID_VALUE, "No.", field))
    assert (error.code, error.message, error.field) == (UserErrorCode.INVALID_VALUE, "No.", seen)


def test_every_finding_is_an_error_of_its_own() -> None:
    findings = tuple(RequestError(UserErrorCode.INVALID_ID, f"No {number}.") for number in range(3))
    assert [error.message for error in user_errors(InvalidRequestError(findings))] == ["No 0.", "No 1.", "No 2."]
