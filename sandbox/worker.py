"""The process of Kafka Connect: one standalone worker over the jars of a wheel."""

import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from persistence.embedded.ports import LOOPBACK
from persistence.embedded.processes import Command
from sandbox.classfile import write_stub
from sandbox.platform import connect_jars, java_binary

MAIN_CLASS = "org.apache.kafka.connect.cli.ConnectStandalone"
_JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter"
# The client compiler alone and the serial collector: quick to start, and two workers fit on a laptop.
_JAVA_OPTIONS = ("-Xmx512m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Djava.awt.headless=true")
_LOGGING = """\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %c{1} %m%n
rootLogger.level = warn
rootLogger.appenderRef.console.ref = console
logger.debezium.name = io.debezium
logger.debezium.level = info
"""


def connector_file(directory: Path, name: str) -> Path:
    """Return the file that makes a restarted worker run the connector again."""
    return directory / "connectors" / f"{name}.json"


def offsets_file(directory: Path) -> Path:
    """Return the file in which the worker keeps the offsets of its connectors."""
    return directory / "offsets"


def write_connector(directory: Path, name: str, config: Mapping[str, str]) -> None:
    """Keep a connector for the next start of the worker."""
    path = connector_file(directory, name)
    path.parent.mkdir(exist_ok=True)
    # It holds the password of the source database.
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"name": name, "config": dict(config)}, file)


def worker_command(directory: Path, bootstrap: str, port: int, flush_ms: int, main_class: str) -> Command:
    """Return the command of a worker with the connectors kept in the directory; writes the files that it reads.

    It writes its offsets every `flush_ms`, in milliseconds: what it did since then, it does again after a crash.

    Raises:
        SandboxError: Java or the jars are not installed.
    """
    stub = directory / "classes"
    write_stub(stub)
    logging = directory / "log4j2.properties"
    logging.write_text(_LOGGING, encoding="ascii")
    properties = directory / "worker.properties"
    properties.write_text(_properties(_settings(directory, bootstrap, port, flush_ms)), encoding="latin-1")
    connectors = sorted(str(path) for path in connector_file(directory, "any").parent.glob("*.json"))
    argv = (
        *(str(java_binary()), *_JAVA_OPTIONS, f"-Dlog4j2.configurationFile={logging}"),
        *("-cp", f"{stub}{os.pathsep}{connect_jars()}/*", main_class, str(properties), *connectors),
    )
    return Command("connect", argv, directory, stop_signals=(signal.SIGTERM,))


def _settings(directory: Path, bootstrap: str, port: int, flush_ms: int) -> dict[str, str]:
    return {
        "bootstrap.servers": bootstrap,
        "listeners": f"http://{LOOPBACK}:{port}",
        "key.converter": _JSON_CONVERTER,
        "key.converter.schemas.enable": "false",
        "value.converter": _JSON_CONVERTER,
        "value.converter.schemas.enable": "false",
        "plugin.discovery": "service_load",
        "offset.storage.file.filename": str(offsets_file(directory)),
        "offset.flush.interval.ms": str(flush_ms),
    }


def _properties(settings: Mapping[str, str]) -> str:
    """Return the text of a Java properties file."""
    return "".join(f"{name}={_escaped(value)}\n" for name, value in settings.items())


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").encode("ascii", "backslashreplace").decode("ascii")
