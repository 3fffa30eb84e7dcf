"""The two processes: the gateway, and a worker without one."""

import asyncio
import logging
import os
from collections.abc import Callable

from gateway.app import Parts, build_app
from gateway.databases import open_database
from gateway.health import Check
from gateway.logging import configure
from gateway.provenance import check_packages
from gateway.routing import operation_routes
from gateway.server import make_server, tune_garbage_collection
from gateway.services import Runtime, open_runtime
from gateway.settings import Settings, unknown_variables
from gateway.sockets import listening, url_of
from gateway.worker import Worker
from persistence.fingerprint import fingerprint
from persistence.migrations import require_head

logger = logging.getLogger(__name__)

Announce = Callable[[str], None]
"""Told the URL once the gateway answers there."""


async def serve(settings: Settings, *, announce: Announce) -> None:
    """Serve until cancelled. Raises StartError, DatabaseError."""
    prepare(settings)
    with listening(settings.host, settings.port) as listener:
        async with open_database(settings) as url, open_runtime(settings, url) as runtime:
            await require_head(runtime.database)
            server = make_server(
                build_app(await app_parts(settings, runtime)),
                ready=lambda: _ready(url_of(listener), announce),
                shutdown_seconds=settings.shutdown_seconds,
            )
            await server.run_until_cancelled(listener)


async def work(settings: Settings) -> None:
    """Follow and settle until cancelled, without serving. Raises StartError, DatabaseError."""
    prepare(settings)
    async with open_database(settings) as url, open_runtime(settings, url) as runtime:
        await require_head(runtime.database)
        async with await make_worker(settings, runtime):
            logger.info("worker is ready")
            await asyncio.Event().wait()


def prepare(settings: Settings) -> None:
    """Do what comes before anything else: logs, and a look whether this environment is ours. Raises StartError."""
    configure(settings.log_format, settings.log_level)
    check_packages()
    for sentence in unknown_variables(os.environ):
        logger.warning("%s", sentence)


async def app_parts(settings: Settings, runtime: Runtime) -> Parts:
    """Return what the application is put together from."""
    worker = await make_worker(settings, runtime) if settings.follow else None
    checks: dict[str, Check] = {"database": lambda: require_head(runtime.database)}
    if worker is not None:
        checks |= {"following": worker.check_following, "settling": worker.check_settling}
    return Parts(
        routes=operation_routes(settings, runtime.services),
        checks=checks,
        beside=[worker] if worker is not None else [],
        allowed_hosts=settings.allowed_hosts,
        graphiql=settings.graphiql,
        simulated=runtime.services.simulated,
    )


async def make_worker(settings: Settings, runtime: Runtime) -> Worker:
    """Return the worker that the settings ask for. Raises DatabaseError."""
    group = settings.kafka_group or f"topicsnap-{await fingerprint(runtime.database)}"
    return Worker(runtime, group=group, settle_seconds=settings.settle_seconds)


def _ready(url: str, announce: Announce) -> None:
    tune_garbage_collection()
    logger.info("ready", extra={"url": url})
    announce(url)
