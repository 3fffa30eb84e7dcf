"""What clients see of what nobody foresaw: nothing but a number."""

import asyncio
import logging

import pytest

from persistence.errors import DatabaseUnavailableError
from tests.api import Api
from tests.asgi import ask


async def test_an_unexpected_error_is_masked_and_logged_with_the_request_id(
    api: Api, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*arguments: object, **more: object) -> object:
        raise ZeroDivisionError("the secret is 42")

    api.services.catalog.topics_page = broken  # type: ignore[method-assign, assignment]
    with caplog.at_level(logging.ERROR):
        answer = await api.graphql("{ viewer { subject } topics { totalCount } }")
    (error,) = answer["errors"]
    assert error["message"] == "Unexpected error."
    assert error["path"] == ["topics"]
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": "req-1"}
    assert "42" not in str(answer)
    (logged,) = [record for record in caplog.records if "req-1" in record.getMessage()]
    assert logged.exc_info is not None
    assert isinstance(logged.exc_info[1], ZeroDivisionError)


async def test_a_database_that_does_not_answer_is_told_as_such(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(*arguments: object, **more: object) -> object:
        raise DatabaseUnavailableError("The connection to PostgreSQL at db.internal:5432 broke.")

    api.services.catalog.topics_page = broken  # type: ignore[method-assign, assignment]
    (error,) = (await api.graphql("{ topics { totalCount } }"))["errors"]
    assert error["extensions"] == {"code": "SERVICE_UNAVAILABLE", "requestId": "req-1"}
    assert "db.internal" not in str(error)
    assert "db.internal" in caplog.text


async def test_what_a_client_got_wrong_is_not_logged(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        await api.graphql("{ nonsense }")
        await api.graphql("{ topics(first: 0) { totalCount } }")
        await api.graphql("{")
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []


async def test_requests_at_the_same_time_keep_their_errors_apart(api: Api) -> None:
    async def broken(*arguments: object, **more: object) -> object:
        await asyncio.sleep(0)
        raise ZeroDivisionError

    api.services.catalog.topics_page = broken  # type: ignore[method-assign, assignment]
    headers = {"content-type": "application/json"}
    good, bad = b'{"query": "{ viewer { subject } }"}', b'{"query": "{ topics { totalCount } }"}'
    answers = await asyncio.gather(
        *(
            ask(api.app, "POST", "/graphql", body=bad if number % 2 else good, headers=headers, request_id=f"r{number}")
            for number in range(20)
        )
    )
    for number, answer in enumerate(answers):
        ids = [error["extensions"]["requestId"] for error in answer.json().get("errors", [])]
        assert ids == ([f"r{number}"] if number % 2 else [])
