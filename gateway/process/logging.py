"""Log lines: one event each, as text or JSON, with the request id; never a setting's value or a secret."""

import logging
import sys
from datetime import UTC, datetime
from typing import TextIO

import orjson

from gateway.http.request_ids import request_id
from gateway.settings import LogFormat, LogLevel

_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "color_message"}
_QUIET = {
    "aiokafka": logging.CRITICAL,  # says each failed attempt; the supervision says it once
    "alembic": logging.WARNING,
    "asyncio": logging.WARNING,
    "pgqueuer": logging.WARNING,
    "sqlalchemy": logging.WARNING,
    "uvicorn.error": logging.WARNING,
}
"""Libraries that say little that is worth a line: faults are logged by us, with what they mean.

Never more than their warnings: below, they write out statements with their values, and what they send over the wire.
"""


class TextFormatter(logging.Formatter):
    """Lines for people: time, level, logger, message, then the extra fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, followed by the traceback where there is one."""
        fields = _fields(record)
        extra = "".join(f" {name}={value}" for name, value in fields.items())
        line = f"{_moment(record)} {record.levelname:7} {record.name}: {_message(record)}{extra}"
        # A line break from outside must not look like another line of ours.
        line = line.replace("\r", "\\r").replace("\n", "\\n")
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class JsonFormatter(logging.Formatter):
    """Lines for machines: one JSON object each."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object as one line."""
        line: dict[str, object] = {
            "time": _moment(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": _message(record),
            **_fields(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send every log line of the process to `stream`, standard error by default, in `log_format`."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format is LogFormat.JSON else TextFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(logging.WARNING if level is LogLevel.DEBUG else max(least, root.level))


def _moment(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _message(record: logging.LogRecord) -> str:
    """Return the message without the line break that some libraries (uvicorn) end theirs with."""
    return record.getMessage().rstrip("\r\n")


def _fields(record: logging.LogRecord) -> dict[str, object]:
    fields = {name: value for name, value in record.__dict__.items() if name not in _STANDARD}
    if (current := request_id.get()) is not None:
        fields.setdefault("request_id", current)
    return fields
