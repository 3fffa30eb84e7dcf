"""`topicsnap worker`: what `serve` does beside serving, in a process of its own."""

from gateway.cli.exits import fail, run
from gateway.errors import SettingsError
from gateway.settings import load


def worker() -> None:
    """Follow snapshots and settle unconfirmed signals, without serving.

    Run any number of workers beside gateways with TOPICSNAP_FOLLOW=false; they divide the work. A worker needs
    TOPICSNAP_DATABASE_URL, because the embedded PostgreSQL belongs to one process.

    **Example:** `TOPICSNAP_DATABASE_URL=postgresql://… topicsnap worker`
    """
    from gateway.process.serving import work

    try:
        settings = load()
    except SettingsError as error:
        fail(error)
    if settings.database_url is None:
        fail(SettingsError("A worker of its own needs TOPICSNAP_DATABASE_URL, as its gateways do."))
    run(lambda: work(settings), stop_is_success=True)
