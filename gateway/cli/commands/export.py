"""`topicsnap export`: the ledger, for those who audit it."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, Literal

import typer

from gateway.cli.client.names import NotKnownError
from gateway.cli.exits import Exit, run
from gateway.cli.parsers import choices, moment, one_of
from gateway.errors import SettingsError
from snapshots.records import BulkSnapshotFilter
from snapshots.states import BulkSnapshotState

if TYPE_CHECKING:
    from persistence.ledger.auditing import LedgerAuditing


class Format(StrEnum):
    """What is written."""

    JSONL = "jsonl"
    CSV = "csv"


FormatOption = Annotated[
    Format,
    typer.Option(
        "--format",
        parser=one_of(Format),
        metavar=choices(Format),
        help="`jsonl`: one bulk snapshot in each line; `csv`: one topic of a snapshot in each row.",
    ),
]
SinceOption = Annotated[
    datetime | None, typer.Option("--since", parser=moment, metavar="MOMENT", help="Requested at this time or later.")
]
UntilOption = Annotated[
    datetime | None, typer.Option("--until", parser=moment, metavar="MOMENT", help="Requested before this time.")
]
SourceOption = Annotated[
    list[str] | None, typer.Option("--source", help="With this source connector: id, name, or `cluster/name`.")
]
TopicOption = Annotated[list[str] | None, typer.Option("--topic", help="With this topic: id, name, or `cluster/name`.")]
RequesterOption = Annotated[list[str] | None, typer.Option("--requester", help="Requested by this caller.")]
StateOption = Annotated[
    list[BulkSnapshotState] | None,
    typer.Option(
        "--state",
        parser=one_of(BulkSnapshotState),
        metavar="STATE",
        help=f"In this state now: {choices(BulkSnapshotState)}.",
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", metavar="FILE", help="Write to this file instead; it gets its name when it is complete."
    ),
]


def export(
    format: FormatOption = Format.JSONL,  # noqa: A002 (the option's name)
    since: SinceOption = None,
    until: UntilOption = None,
    source: SourceOption = None,
    topic: TopicOption = None,
    requester: RequesterOption = None,
    state: StateOption = None,
    output: FileOption = None,
) -> None:
    """Export bulk snapshots with their source snapshots, signals, topics and events, the oldest first.

    The command reads the database of TOPICSNAP_DATABASE_URL, or the embedded one, even while a gateway runs. If you
    repeat an option, one of its values has to match; different options must all match. Times are ISO 8601.
    docs/guides/audit.md describes the output.

    **Examples:** `topicsnap export --since 2026-05-01 --format csv -o may.csv` ·
    `topicsnap export --state failed --source shop-connector | jq .id`
    """
    wanted = BulkSnapshotFilter(
        states=tuple(state) if state else None,
        requested_by=tuple(requester) if requester else None,
        requested_after=since,
        requested_before=until,
    )
    count = run(lambda: _export(format, wanted, source, topic, output))
    if count is not None and output is not None:
        typer.echo(f"{count} bulk snapshots in {output}.", err=True)


async def _export(
    format_: Format,
    wanted: BulkSnapshotFilter,
    sources: Sequence[str] | None,
    topics: Sequence[str] | None,
    output: Path | None,
) -> int:
    from gateway.databases import open_database
    from gateway.export.csv_rows import csv_lines, header
    from gateway.export.json_lines import json_line
    from gateway.settings import load
    from persistence.database.pool import Database
    from persistence.ledger.auditing import LedgerAuditing
    from persistence.migrations import require_head
    from resolvers.principal import LOCAL_PRINCIPAL

    tenant_id = LOCAL_PRINCIPAL.tenant_id
    count = 0
    async with open_database(load(), attach=True) as url:
        database = Database.connect(url, application_name="topicsnap export", deadlines=None)
        try:
            await require_head(database)
            ledger = LedgerAuditing(database)
            wanted = replace(
                wanted,
                source_ids=await _ids(ledger, tenant_id, "connector", "source connector", sources),
                topic_ids=await _ids(ledger, tenant_id, "topic", "topic", topics),
            )
            with _sink(output) as out:
                if format_ is Format.CSV:
                    out.write(header())
                async for audited in ledger.audited(tenant_id, wanted):
                    out.write(csv_lines(audited) if format_ is Format.CSV else json_line(audited))
                    count += 1
        finally:
            await database.close()
    return count


async def _ids(
    ledger: "LedgerAuditing",
    tenant_id: str,
    table: Literal["connector", "topic"],
    sort: str,
    names: Sequence[str] | None,
) -> tuple[str, ...] | None:
    if not names:
        return None
    found = await ledger.ids_of(tenant_id, table, names)
    for name in names:
        if not found.get(name):
            raise NotKnownError(f"No {sort} has the name or id {name}.")
    return tuple(id_ for ids in found.values() for id_ in ids)


@contextmanager
def _sink(output: Path | None) -> Iterator[BinaryIO]:
    """Yield what to write to. A file that is not complete never has the name that was asked for.

    Raises SettingsError where there can be no such file.
    """
    if output is None:
        try:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        except BrokenPipeError:
            # Whoever read has seen enough, as `head` does; Python would complain of it once more at its end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Exit.OK) from None
        return
    partial = output.with_name(f".{output.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(output)
    except OSError as error:
        raise SettingsError(f"{output} cannot be written: {error.strerror or error}.") from error
    finally:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
