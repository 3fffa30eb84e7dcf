"""What commands print: JSON for programs on standard output, and lines for people."""

import sys
from typing import TextIO

import orjson
from rich.console import Console


def print_json(given: object) -> None:
    """Print `given` as JSON, indented, moments in UTC with `Z`, as GraphQL writes them."""
    sys.stdout.write(orjson.dumps(given, option=orjson.OPT_INDENT_2 | orjson.OPT_UTC_Z).decode() + "\n")


def print_json_line(given: object, out: TextIO) -> None:
    """Print `given` as one line of JSON, at once."""
    out.write(orjson.dumps(given).decode() + "\n")
    out.flush()


def console_beside(*, json: bool) -> Console:
    """Return the console for people: standard output, or standard error where JSON is to have that for itself."""
    return Console(file=sys.stderr if json else sys.stdout)


def print_line(console: Console, text: str) -> None:
    """Print a line as it is: not wrapped, and without styles that a text could ask for."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)
