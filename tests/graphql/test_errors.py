"""What clients see of what nobody foresaw: nothing but a number."""

import asyncio
import logging

import pytest
from starlette.requests import HTTPConnection

from persistence.database.errors import DatabaseUnavailableError
from resolvers.principal import Principal
from tests.support.api import Api
from tests.support.asgi import ask
from tests.support.waiting import FAULT_SECONDS


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


async def leaking(*arguments: object, **more: object) -> object:
    """Do what aiokafka's stop() does: end by a cancellation that nobody asked for."""
    await asyncio.sleep(0)
    raise asyncio.CancelledError("of a future of the driver's own")


@pytest.mark.parametrize(
    ("reads", "query", "path"),
    [
        ("topics_page", "{ viewer { subject } topics { totalCount } }", "topics"),
        ("routes", '{ viewer { subject } topic(id: "top_orders") { name } }', "topic"),
    ],
    ids=["of a field's own", "while loading for many"],
)
async def test_a_cancellation_that_nobody_asked_for_is_an_error_as_any_other(
    api: Api, caplog: pytest.LogCaptureFixture, reads: str, query: str, path: str
) -> None:
    setattr(api.services.catalog, reads, leaking)
    answer = await asyncio.wait_for(api.graphql(query), FAULT_SECONDS)
    (error,) = answer["errors"]
    assert (error["message"], error["path"]) == ("Unexpected error.", [path])
    assert error["extensions"] == {"code": "INTERNAL_ERROR", "requestId": "req-1"}
    assert "driver" not in str(answer)
    assert "CancelledError: of a future of the driver's own" in caplog.text


async def test_a_cancellation_of_the_request_is_passed_on(api: Api) -> None:
    begun = asyncio.Event()

    async def long(*arguments: object, **more: object) -> object:
        begun.set()
        return await asyncio.Event().wait()

    api.services.catalog.topics_page = long  # type: ignore[method-assign, assignment]
    asking = asyncio.create_task(api.graphql("{ topics { totalCount } }"))
    await asyncio.wait_for(begun.wait(), FAULT_SECONDS)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize("failure", [ZeroDivisionError("the secret is 42"), asyncio.CancelledError("42")])
async def test_what_fails_before_there_is_an_operation_is_json_in_the_shape_of_graphql(
    api: Api, caplog: pytest.LogCaptureFixture, failure: BaseException
) -> None:
    class Broken(Api):
        async def principal_of(self, connection: HTTPConnection) -> Principal:
            raise failure

    broken = Broken(api.services, api.database, api.channel, api.states, api.observer)
    body = b'{"query": "{ viewer { subject } }"}'
    answer = await ask(broken.app, "POST", "/graphql", body=body, headers={"content-type": "application/json"})
    extensions = {"code": "INTERNAL_ERROR", "requestId": "req-1"}
    assert answer.status == 500
    assert answer.json() == {"errors": [{"message": "Unexpected error.", "extensions": extensions}]}
    assert "42" in caplog.text


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
