"""`topicsnap doctor`: whether sources can be signalled, end to end."""

import sys
from typing import Annotated

import orjson
import typer
from rich.console import Console
from rich.text import Text

from gateway.cli.backend import open_backend
from gateway.cli.exits import Exit, run
from gateway.cli.health import SourceHealth, exit_of
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from snapshots.health.findings import HealthFinding, Severity

SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...", help="Names or ids of source connectors, or `cluster/name`; all where none is given."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", "-a", help="Show as well what is in order.")]

_STYLES = {
    Severity.OK: "green",
    Severity.INFO: "blue",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
    Severity.UNKNOWN: "magenta",
}
_WIDTH = max(len(severity) for severity in Severity)


def doctor(
    sources: SourcesArgument = None,
    show_all: AllOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Check the signalling of source connectors end to end, without starting a snapshot.

    Looks at the connector, its configuration and version, its signal table or signal topic, its notifications, its
    replication slot and its tables. Exits with 0 where nothing is broken (warnings are no error), 1 where something is,
    3 where a gateway, its database or a Kafka Connect cannot be reached. docs/guides/doctor.md explains each check.

    **Examples:** `topicsnap doctor` · `topicsnap doctor shop-connector --all` · `topicsnap doctor --json --direct`
    """

    async def work() -> list[SourceHealth]:
        async with open_backend(server, direct=direct) as backend:
            return await backend.health(sources or [])

    checked = run(work)
    if checked is None:
        return
    if json:
        sys.stdout.write(orjson.dumps(checked, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        _show(checked, Console(), show_all=show_all)
    code = exit_of(checked)
    if code is not Exit.OK:
        raise typer.Exit(code)


def _show(checked: list[SourceHealth], console: Console, *, show_all: bool) -> None:
    if not checked:
        console.print("The catalogue has no source connectors: import a cluster, and run `topicsnap sync`.")
    for one in checked:
        console.print(Text(f"{one.source} ({one.cluster})", style="bold"), soft_wrap=True)
        for finding in one.findings:
            if show_all or finding.severity is not Severity.OK:
                _show_finding(finding, console)
        well = sum(finding.severity is Severity.OK for finding in one.findings)
        console.print(Text(f"  {well} of {len(one.findings)} checks are in order."), soft_wrap=True)


def _show_finding(finding: HealthFinding, console: Console) -> None:
    line = Text("  ")
    line.append(f"{finding.severity:<{_WIDTH}}", style=_STYLES[finding.severity])
    line.append(f"  {finding.code}  {finding.subject}: {finding.message}")
    console.print(line, soft_wrap=True)
    if finding.remedy:
        console.print(Text(f"  {'':<{_WIDTH}}  -> {finding.remedy}", style="dim"), soft_wrap=True)
