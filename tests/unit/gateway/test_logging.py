"""Log lines: one event, one line, with the request id."""

import io
import logging
from collections.abc import Iterator

import orjson
import pytest

from gateway.http.request_ids import request_id
from gateway.process.logging import configure
from gateway.settings import LogFormat, LogLevel


@pytest.fixture(autouse=True)
def untouched_root() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(log_format: LogFormat, level: LogLevel = LogLevel.INFO) -> tuple[logging.Logger, io.StringIO]:
    stream = io.StringIO()
    configure(log_format, level, stream)
    return logging.getLogger("topicsnap.test"), stream


def test_json_holds_the_fields_and_the_request_id() -> None:
    logger, stream = lines(LogFormat.JSON)
    token = request_id.set("r-1")
    logger.info("sent %d", 3, extra={"source": "shop"})
    request_id.reset(token)
    line = orjson.loads(stream.getvalue())
    assert {key: line[key] for key in ("level", "logger", "message", "source", "request_id")} == {
        "level": "info",
        "logger": "topicsnap.test",
        "message": "sent 3",
        "source": "shop",
        "request_id": "r-1",
    }
    assert line["time"].endswith("Z")


def test_text_is_one_line_whatever_the_message_holds() -> None:
    logger, stream = lines(LogFormat.TEXT)
    logger.warning("first\nsecond", extra={"name_of": "a\r\nb"})
    assert stream.getvalue().count("\n") == 1
    assert "first\\nsecond name_of=a\\r\\nb" in stream.getvalue()


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_a_line_break_at_the_end_of_a_message_is_none_of_it(log_format: LogFormat) -> None:
    logger, stream = lines(log_format)
    logger.error("Exception in ASGI application\n")
    assert "application" in stream.getvalue()
    assert "\\n" not in stream.getvalue()


@pytest.mark.parametrize("log_format", list(LogFormat))
def test_a_traceback_follows(log_format: LogFormat) -> None:
    logger, stream = lines(log_format)
    try:
        int("missing")
    except ValueError:
        logger.exception("failed")
    assert "Traceback" in stream.getvalue()


def test_less_severe_lines_and_chatty_libraries_are_left_out() -> None:
    logger, stream = lines(LogFormat.TEXT, LogLevel.WARNING)
    logger.info("no")
    logging.getLogger("aiokafka.consumer").error("no")
    logging.getLogger("uvicorn.error").info("no")
    logger.warning("yes")
    assert [line.rsplit(": ", 1)[1] for line in stream.getvalue().splitlines()] == ["yes"]


def test_debug_shows_the_warnings_of_libraries_and_no_statement() -> None:
    logger, stream = lines(LogFormat.TEXT, LogLevel.DEBUG)
    logging.getLogger("aiokafka.consumer").error("one")
    logging.getLogger("sqlalchemy.engine.Engine").info("SELECT 's3cret'")
    logger.debug("two")
    assert [line.rsplit(": ", 1)[1] for line in stream.getvalue().splitlines()] == ["one", "two"]
