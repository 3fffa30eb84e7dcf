"""`topicsnap schema`: the GraphQL schema as text."""

import difflib
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from gateway.cli.exits import Exit
from gateway.cli.text_file import FileError, read_text

app = typer.Typer(no_args_is_help=True, help="Print or check the GraphQL schema.")
_MOST_LINES = 60

AgainstOption = Annotated[
    Path | None,
    typer.Option(
        "--against", exists=True, dir_okay=False, help="An older schema: fail for each change that breaks its clients."
    ),
]
AcceptedOption = Annotated[
    Path | None,
    typer.Option(
        "--accepted", exists=True, dir_okay=False, help="Breaking changes that were decided on, a line for each."
    ),
]


@app.command("print")
def print_schema() -> None:
    """Print the schema in the schema definition language.

    **Example:** `topicsnap schema print > schema/schema.graphql`
    """
    from schema.sdl import print_sdl

    sys.stdout.write(print_sdl())


@app.command("check")
def check_schema(against: AgainstOption = None, accepted: AcceptedOption = None) -> None:
    """Exit with 1, and the difference, where the committed schema is not the one that the code has.

    An installation from a wheel has no committed file, and nothing to check then.

    With --against, exit with 1 too for each change since that schema that breaks clients or federation gateways, unless
    it is a line of the file given by --accepted.

    **Example:** `topicsnap schema check --against schema/released.graphql`
    """
    _check_committed()
    if against is not None:
        _check_changes(against, accepted)


def _check_committed() -> None:
    from schema.sdl import COMMITTED, print_sdl

    if not COMMITTED.is_file():
        typer.echo(f"There is no {COMMITTED.name} here to compare with; `topicsnap schema print` prints the schema.")
        return
    committed, printed = COMMITTED.read_text(encoding="utf-8"), print_sdl()
    if committed == printed:
        typer.echo("The committed schema is current.")
        return
    lines = list(difflib.unified_diff(committed.splitlines(), printed.splitlines(), "committed", "code", lineterm=""))
    typer.echo("\n".join(lines[:_MOST_LINES]), err=True)
    typer.echo(
        "topicsnap: the committed schema is out of date: topicsnap schema print > schema/schema.graphql", err=True
    )
    raise typer.Exit(Exit.FAILED)


def _check_changes(against: Path, accepted: Path | None) -> None:
    from graphql import GraphQLError, GraphQLSyntaxError, SourceLocation

    from schema.changes import find_breaks, read_accepted
    from schema.sdl import print_sdl

    try:
        breaks = find_breaks(read_text(against), print_sdl())
        allowed = read_accepted(read_text(accepted)) if accepted else set()
    except FileError as error:
        _refuse(str(error))
    except GraphQLSyntaxError as error:
        (place,) = error.locations or [SourceLocation(1, 1)]
        _refuse(f"{against} is no GraphQL schema: see line {place.line}, column {place.column}.")
    except (GraphQLError, TypeError):
        _refuse(f"{against} is no whole GraphQL schema: a type that it names is missing.")
    unexpected = [change for change in breaks if change not in allowed]
    outdated = sorted(allowed.difference(breaks))
    for change in unexpected:
        typer.echo(change, err=True)
    for change in outdated:
        typer.echo(f"Accepted, but not there: {change}", err=True)
    count = len(breaks) - len(unexpected)
    typer.echo(f"schema changes against {against.name}: {count} breaking accepted, {len(unexpected)} not accepted")
    if unexpected or outdated:
        raise typer.Exit(Exit.FAILED)


def _refuse(sentence: str) -> NoReturn:
    typer.secho(f"topicsnap: {sentence}", err=True, fg=typer.colors.RED)
    raise typer.Exit(Exit.USAGE)
