"""The two processes: the gateway, and a worker without one."""

import asyncio
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from gateway.app import Parts, build_app
from gateway.databases import open_database
from gateway.following.worker import Worker
from gateway.http.health import Check
from gateway.metrics import Metrics, ProcessMetrics
from gateway.process.logging import configure
from gateway.process.provenance import check_packages
from gateway.process.server import Server, make_server, tune_garbage_collection
from gateway.process.sockets import listening, url_of
from gateway.routes import operation_routes
from gateway.services import Runtime, open_runtime
from gateway.settings import Settings, unknown_variables
from persistence.database.fingerprint import fingerprint
from persistence.migrations import require_head
from resolvers.following.set_aside import tell_dead_letters
from resolvers.principal import DEFAULT_TENANT

logger = logging.getLogger(__name__)

Announce = Callable[[str], None]
"""Told the URL once the gateway answers there."""


async def serve(settings: Settings, *, announce: Announce) -> None:
    """Serve until cancelled. Raises StartError, DatabaseError."""
    prepare(settings)
    with listening(settings.host, settings.port) as listener, counting() as metrics:
        async with open_database(settings) as url, open_runtime(settings, url, metrics=metrics) as runtime:
            await require_head(runtime.database)
            parts = await app_parts(settings, runtime, metrics)
            server = make_server_of(parts, settings, ready=lambda: _ready(url_of(listener), announce))
            await server.run_until_cancelled(listener)


async def work(settings: Settings) -> None:
    """Follow and settle until cancelled, without serving. Raises StartError, DatabaseError."""
    prepare(settings)
    with counting() as metrics:
        async with open_database(settings) as url, open_runtime(settings, url, metrics=metrics) as runtime:
            await require_head(runtime.database)
            async with await make_worker(settings, runtime):
                logger.info("worker is ready")
                await asyncio.Event().wait()


@contextmanager
def counting() -> Iterator[Metrics]:
    """Yield the counters of this process; log them at the end, when all work has been waited for."""
    metrics = ProcessMetrics()
    try:
        yield metrics
    finally:
        logger.info("stopped", extra=dict(metrics.totals()))


def prepare(settings: Settings) -> None:
    """Do what comes before anything else: logs, and a look whether this environment is ours. Raises StartError."""
    configure(settings.log_format, settings.log_level)
    check_packages()
    for sentence in unknown_variables(os.environ):
        logger.warning("%s", sentence)


async def app_parts(settings: Settings, runtime: Runtime, metrics: Metrics) -> Parts:
    """Return what the application is put together from; its operations count in `metrics`."""
    worker = await make_worker(settings, runtime) if settings.follow else None
    checks: dict[str, Check] = {"database": lambda: require_head(runtime.database)}
    if worker is not None:
        checks |= {"following": worker.check_following, "settling": worker.check_settling}
    stopping = asyncio.Event()
    return Parts(
        routes=operation_routes(settings, runtime.services, metrics, stopping),
        checks=checks,
        notes={"dead letters": lambda: tell_dead_letters(runtime.services, DEFAULT_TENANT)},
        background_work=[worker] if worker is not None else [],
        allowed_hosts=settings.allowed_hosts,
        graphiql=settings.graphiql,
        simulated=runtime.services.engine.simulated,
        stopping=stopping,
    )


def make_server_of(parts: Parts, settings: Settings, *, ready: Callable[[], None]) -> Server:
    """Return the server of the application made of `parts`; `ready` is called once it answers."""
    return make_server(
        build_app(parts),
        ready=ready,
        shutdown_seconds=settings.shutdown_seconds,
        stopping=parts.stopping,
        message_limit_bytes=settings.request_body_limit,
    )


async def make_worker(settings: Settings, runtime: Runtime) -> Worker:
    """Return the worker that the settings ask for. Raises DatabaseError."""
    group = settings.kafka_group or f"topicsnap-{await fingerprint(runtime.database)}"
    return Worker(
        runtime,
        group=group,
        settle_seconds=settings.settle_seconds,
        notification_attempts=settings.notification_attempts,
    )


def _ready(url: str, announce: Announce) -> None:
    tune_garbage_collection()
    logger.info("ready", extra={"url": url})
    announce(url)
