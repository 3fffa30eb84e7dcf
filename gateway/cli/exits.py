"""How commands end: exit codes that scripts can rely on, and a sentence instead of a traceback."""

import os
import traceback
from collections.abc import Callable, Coroutine
from enum import IntEnum
from typing import Any, NoReturn, TypeVar

import typer

from gateway.errors import ServerUnreachableError, SettingsError
from gateway.following.follower import KafkaUnreachableError
from gateway.process.processes import StoppedError, run_process
from persistence.database.errors import AccessRefusedError, DatabaseUnavailableError
from snapshots.errors import (
    ClusterUnreachableError,
    DatabaseUnreachableError,
    InvalidRequestError,
    RequestError,
    TopicsnapError,
)
from snapshots.vocabulary import UserErrorCode

T = TypeVar("T")


class Exit(IntEnum):
    """The exit codes of every command."""

    OK = 0
    FAILED = 1
    USAGE = 2
    UNREACHABLE = 3
    INCOMPLETE = 4
    """Done, but for what could not be read: `topicsnap sync` only."""
    INTERRUPTED = 130


_UNREACHABLE = (
    AccessRefusedError,
    ClusterUnreachableError,
    DatabaseUnavailableError,
    DatabaseUnreachableError,
    KafkaUnreachableError,
    ServerUnreachableError,
)


def run(
    main: Callable[[], Coroutine[Any, Any, T]],
    *,
    stop_is_success: bool = False,
    stopping: Callable[[], None] = lambda: None,
) -> T | None:
    """Run the coroutine of a command; what goes wrong ends the command with a sentence and the exit code for it.

    With `stop_is_success` a stop signal is the normal end, as for a server; None is returned then. `stopping` is called
    as soon as the signal arrives, before anything ends.
    """
    try:
        return run_process(main, stopping=stopping)
    except StoppedError:
        if stop_is_success:
            return None
        raise typer.Exit(Exit.INTERRUPTED) from None
    except typer.Exit:
        raise
    except Exception as error:  # noqa: BLE001 - the top: every error ends as a sentence
        fail(error)


def fail(error: BaseException) -> NoReturn:
    """Print why the command failed and end it. Set TOPICSNAP_DEBUG=1 to see the traceback."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    if os.environ.get("TOPICSNAP_DEBUG"):
        traceback.print_exception(error)
    for line in sentences(error):
        typer.secho(f"topicsnap: {line}", err=True, fg=typer.colors.RED)
    raise typer.Exit(code_of(error)) from error


def sentences(error: BaseException) -> list[str]:
    """What to tell the user of `error`."""
    if isinstance(error, InvalidRequestError):
        return [str(finding) for finding in error.findings]
    if isinstance(error, TopicsnapError):
        return str(error).splitlines() or [type(error).__name__]
    return [f"Internal error ({type(error).__name__}). Set TOPICSNAP_DEBUG=1 to see where, and report it, please."]


def code_of(error: BaseException) -> Exit:
    """The exit code that `error` means."""
    if isinstance(error, SettingsError):
        return Exit.USAGE
    if isinstance(error, _UNREACHABLE):
        return Exit.UNREACHABLE
    if isinstance(error, RequestError) and error.code is UserErrorCode.CLUSTER_UNREACHABLE:
        return Exit.UNREACHABLE
    return Exit.FAILED
