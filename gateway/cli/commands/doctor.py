"""`topicsnap doctor`: whether sources can be signalled, end to end."""

from collections.abc import Mapping, Sequence
from typing import Annotated, TypedDict

import typer
from rich.console import Console
from rich.text import Text

from gateway.cli.client.client import Client
from gateway.cli.client.names import find_sources
from gateway.cli.client.opening import open_client
from gateway.cli.exits import Exit, run
from gateway.cli.options import DEFAULT_SERVER, DirectOption, JsonOption, ServerOption
from gateway.cli.output import print_json
from snapshots.health.findings import HealthCheck, Severity

SOURCES_AT_ONCE = 16
"""How many sources one question is about: the gateway looks at several at once, and limits how long it takes."""

SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[SOURCE]...", help="Names or ids of source connectors, or `cluster/name`; without any, all connectors."
    ),
]
AllOption = Annotated[bool, typer.Option("--all", "-a", help="Also show the checks that are in order.")]

_STYLES: Mapping[str, str] = {
    Severity.OK: "green",
    Severity.INFO: "blue",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
    Severity.UNKNOWN: "magenta",
}
_STYLE_OF_OTHERS = "magenta"
_WIDTH = max(len(severity) for severity in Severity)


class FindingData(TypedDict):
    """A finding of a check; code and severity are texts, because a newer gateway may send others."""

    code: str
    severity: str
    subject: str
    message: str
    remedy: str | None


class CheckedSource(TypedDict):
    """A source connector, and what a check of it found, the worst first: what health.graphql selects."""

    id: str
    name: str
    cluster: str
    health: list[FindingData]


def doctor(
    sources: SourcesArgument = None,
    show_all: AllOption = False,
    json: JsonOption = False,
    server: ServerOption = DEFAULT_SERVER,
    direct: DirectOption = False,
) -> None:
    """Check the signalling of source connectors from end to end, without starting a snapshot.

    The command checks the connector, its configuration and version, its signal table or signal topic, its
    notifications, its replication slot and its tables. Exits with 0 if nothing is broken (a warning is no error), with
    1 if something is, and with 3 if a gateway, its database or a Kafka Connect cannot be reached.
    docs/guides/doctor.md explains each check.

    **Examples:** `topicsnap doctor` · `topicsnap doctor shop-connector --all` · `topicsnap doctor --json --direct`
    """

    async def work() -> list[CheckedSource]:
        async with open_client(server, direct=direct) as client:
            return await _check(client, sources or [])

    checked = run(work)
    if checked is None:
        return
    if json:
        print_json(checked)
    else:
        _show(checked, Console(), show_all=show_all)
    code = exit_of(checked)
    if code is not Exit.OK:
        raise typer.Exit(code)


def exit_of(checked: Sequence[CheckedSource]) -> Exit:
    """The exit code: FAILED where something is broken, UNREACHABLE where that cannot be told, else OK."""
    findings = [finding for one in checked for finding in one["health"]]
    if any(finding["severity"] == Severity.ERROR for finding in findings):
        return Exit.FAILED
    if any((one["code"], one["severity"]) == (HealthCheck.KAFKA_CONNECT, Severity.UNKNOWN) for one in findings):
        return Exit.UNREACHABLE
    return Exit.OK


async def _check(client: Client, names: Sequence[str]) -> list[CheckedSource]:
    ids = [source["id"] for source in await find_sources(client, names)]
    checked: list[CheckedSource] = []
    for start in range(0, len(ids), SOURCES_AT_ONCE):
        nodes = (await client.execute("health", ids=ids[start : start + SOURCES_AT_ONCE]))["nodes"]
        checked += [node for node in nodes if node]  # one may have been retired meanwhile
    return checked


def _show(checked: list[CheckedSource], console: Console, *, show_all: bool) -> None:
    if not checked:
        console.print("The catalogue has no source connectors: import a cluster, and run `topicsnap sync`.")
    for one in checked:
        console.print(Text(f"{one['name']} ({one['cluster']})", style="bold"), soft_wrap=True)
        for finding in one["health"]:
            if show_all or finding["severity"] != Severity.OK:
                _show_finding(finding, console)
        well = sum(finding["severity"] == Severity.OK for finding in one["health"])
        console.print(Text(f"  {well} of {len(one['health'])} checks are in order."), soft_wrap=True)


def _show_finding(finding: FindingData, console: Console) -> None:
    line = Text("  ")
    severity = finding["severity"]
    line.append(f"{severity:<{_WIDTH}}", style=_STYLES.get(severity, _STYLE_OF_OTHERS))
    line.append(f"  {finding['code']}  {finding['subject']}: {finding['message']}")
    console.print(line, soft_wrap=True)
    if finding["remedy"]:
        console.print(Text(f"  {'':<{_WIDTH}}  -> {finding['remedy']}", style="dim"), soft_wrap=True)
