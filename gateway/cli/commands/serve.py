"""`topicsnap serve`: the gateway."""

import sys

from gateway.cli.exits import fail, run
from gateway.cli.options import HostOption, PortOption
from gateway.errors import SettingsError
from gateway.settings import load


def serve(host: HostOption = None, port: PortOption = None) -> None:
    """Serve GraphQL and REST, and follow the snapshots.

    Without TOPICSNAP_DATABASE_URL the gateway starts a PostgreSQL of its own and migrates it. A database of yours is
    migrated by `topicsnap migrate`. Ctrl+C or SIGTERM ends the gateway after the work in progress.

    **Examples:** `topicsnap serve` · `topicsnap serve --port 9000` ·
    `TOPICSNAP_DATABASE_URL=postgresql://… TOPICSNAP_LOG_FORMAT=json topicsnap serve`
    """
    from gateway.process.serving import serve as serve_gateway

    try:
        settings = load(host=host, port=port)
    except SettingsError as error:
        fail(error)
    run(lambda: serve_gateway(settings, announce=_announce), stop_is_success=True)


def _announce(url: str) -> None:
    sys.stderr.write(f"Topicsnap is ready at {url}/ (GraphQL at {url}/graphql). Ctrl+C stops it.\n")
    sys.stderr.flush()
