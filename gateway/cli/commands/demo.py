"""`topicsnap demo`: everything at once, on this machine."""

import os
import sys
from typing import Annotated

import typer
from rich.console import Console

from gateway.cli.exits import fail, run
from gateway.cli.parsers import whole_number
from gateway.errors import SettingsError
from gateway.settings import LogLevel, Profile, load, variable

PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        parser=whole_number(0, 65535),
        metavar="NUMBER",
        envvar="PORT",
        help=f"Port to serve on, 0 for a free one ({variable('port')}, 8000).",
    ),
]
SimulateOption = Annotated[
    bool,
    typer.Option(
        "--simulate", help="Run without Debezium: signals are only recorded, and their outcomes are invented."
    ),
]


def demo(port: PortOption = None, simulate: SimulateOption = False) -> None:
    """Run a gateway in front of a real Debezium, and print a mutation to paste.

    The demo starts PostgreSQL, a broker and Kafka Connect with three connectors: one gets its signals by a table, one
    over Kafka, one is read-only. All come from PyPI wheels of the extra `topicsnap[sandbox]`. It fills the catalogue
    and serves on 127.0.0.1. Ctrl+C ends and removes everything. If there is no wheel for this platform, the demo says
    so and simulates.

    **Examples:** `topicsnap demo` · `topicsnap demo --port 9000` · `topicsnap demo --simulate`
    """
    from gateway.demo.run import run_demo
    from gateway.demo.steps import Steps

    quiet = None if os.environ.get(variable("log_level")) else LogLevel.WARNING
    try:
        settings = load(profile=Profile.DEVELOPMENT, port=port, host="127.0.0.1", log_level=quiet, follow=True)
    except SettingsError as error:
        fail(error)
    steps = Steps(Console())
    run(
        lambda: run_demo(settings, simulate=simulate, steps=steps, tell=_tell),
        stop_is_success=True,
        stopping=lambda: _tell("Stopping. This takes a few seconds; Ctrl+C again hurries."),
    )
    _tell("Stopped. Nothing of the demo is left.")


def _tell(text: str) -> None:
    # Not by rich: what is to be pasted must not be wrapped.
    try:
        sys.stdout.write(f"\n{text}\n")
        sys.stdout.flush()
    except OSError:  # the terminal is gone, and the demo stops for that; what cannot be said must not be an error
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
