"""`topicsnap schema`: the GraphQL schema as text."""

import difflib
import sys

import typer

from gateway.cli.exits import Exit

app = typer.Typer(no_args_is_help=True, help="Print or check the GraphQL schema.")
_MOST_LINES = 60


@app.command("print")
def print_schema() -> None:
    """Print the schema in the schema definition language.

    **Example:** `topicsnap schema print > schema/schema.graphql`
    """
    from schema.sdl import print_sdl

    sys.stdout.write(print_sdl())


@app.command("check")
def check_schema() -> None:
    """Exit with 1, and the difference, where the committed schema is not the one that the code has.

    An installation from a wheel has no committed file, and nothing to check then.
    """
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
