"""The program `topicsnap`: its commands under one name."""

from importlib.metadata import version
from typing import Annotated

import typer

from gateway.cli.commands import (
    demo,
    doctor,
    export,
    import_,
    migrate,
    prune,
    retry,
    schema,
    serve,
    snapshot,
    sync,
    verify,
    watch,
    worker,
)

_EPILOG = (
    "Exit codes: 0 done; 1 the operation failed, wholly or in part; 2 wrong usage or settings; "
    "3 the gateway, database, Kafka or Kafka Connect cannot be reached; "
    "4 `sync` is done, but could not read everything."
)

app = typer.Typer(
    name="topicsnap",
    help="A GraphQL gateway for change-data-capture snapshots.",
    epilog=_EPILOG,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(worker.worker)
app.command("migrate")(migrate.migrate)
app.command("sync")(sync.sync)
app.command("import")(import_.import_catalog)
app.command("snapshot")(snapshot.snapshot)
app.command("watch")(watch.watch)
app.command("verify")(verify.verify)
app.command("retry")(retry.retry)
app.command("doctor")(doctor.doctor)
app.command("export")(export.export)
app.command("prune")(prune.prune)
app.add_typer(schema.app, name="schema")


def _print_version(value: bool) -> None:
    if value:
        typer.echo(version("topicsnap"))
        raise typer.Exit


@app.callback()
def _options(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """A GraphQL gateway for change-data-capture snapshots."""


def main() -> None:
    """Run the program and exit with the code of its command."""
    app()
