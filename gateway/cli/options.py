"""Options that several commands share."""

from typing import Annotated

import typer

from gateway.cli.parsers import whole_number
from gateway.settings import variable

HostOption = Annotated[
    str | None, typer.Option("--host", help=f"Loopback address to listen on ({variable('host')}, 127.0.0.1).")
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        parser=whole_number(0, 65535),
        metavar="NUMBER",
        help=f"Port to listen on, 0 for a free one ({variable('port')}, 8000).",
    ),
]
ServerOption = Annotated[
    str,
    typer.Option("--server", envvar="TOPICSNAP_SERVER", help="The gateway to ask.", metavar="URL"),
]
DirectOption = Annotated[
    bool,
    typer.Option(
        "--direct",
        help="Work on the database of TOPICSNAP_DATABASE_URL (or the embedded one) instead of asking a gateway. "
        "References of the catalogue (`env:`, `file:`) are then resolved in this process.",
    ),
]
JsonLinesOption = Annotated[
    bool, typer.Option("--jsonl", help="Print the whole state as a line of JSON, at the start and for each change.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
BulkArgument = Annotated[
    str, typer.Argument(metavar="BULK_ID", help="The id that `topicsnap snapshot` or the mutation gave.")
]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="Why; kept in the ledger.")]
KeyOption = Annotated[
    str | None,
    typer.Option(
        "--key", help="Idempotency key: a second call with it sends nothing and shows what the first one did."
    ),
]
WatchOption = Annotated[bool, typer.Option("--watch", "-w", help="Show the progress until the end.")]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", metavar="URL", help="The database, as the owner of its tables (TOPICSNAP_DATABASE_URL)."),
]

DEFAULT_SERVER = "http://127.0.0.1:8000"
