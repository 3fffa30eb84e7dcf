"""Services over a real database and an engine of the test's: the one place where tests wire them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from gateway.metrics import NoMetrics, OutcomeMetrics
from persistence.catalog.reading import Catalog
from persistence.catalog.writing import CatalogWriter
from persistence.database.pool import Database
from persistence.ledger import Ledger
from resolvers.background import Background
from resolvers.progress.hub import ProgressHub
from resolvers.services import Services
from resolvers.telemetry import Telemetry
from snapshots.channels import SignalChannelKind
from snapshots.engines.simulated import simulated_engine
from snapshots.identifiers import Clock, IdMaker, utc_now
from snapshots.ports.connector_states import ConnectorStates
from snapshots.ports.engine import Engine
from snapshots.ports.signal_channel import SignalChannel
from snapshots.requesting.dispatch import LEASE_MARGIN_SECONDS, Dispatcher, TimeLimit
from snapshots.requesting.retry_policy import RetryPolicy

STALL_AFTER = timedelta(minutes=10)
SILENCE = timedelta(hours=1)


async def no_pause(seconds: float) -> None:
    """Let no time pass between two attempts of a dispatch."""


def make_engine(
    channels: Mapping[SignalChannelKind, SignalChannel],
    connector_states: ConnectorStates,
    *,
    clock: Clock = utc_now,
    **parts: Any,  # noqa: ANN401 (any part of an engine)
) -> Engine:
    """An engine that passes for a real one, of which only `channels`, the states and `parts` do anything."""
    return replace(simulated_engine(channels, connector_states, clock), simulated=False, **parts)


def with_engine(services: Services, **parts: Any) -> Services:  # noqa: ANN401 (any part of an engine)
    """The same services, with `parts` of their engine in the place of what they have."""
    return replace(services, engine=replace(services.engine, **parts))


def make_ledger(database: Database, ids: IdMaker) -> Ledger:
    """A ledger that remembers idempotency keys for a week."""
    return Ledger.over(database, ids, idempotency_days=7)


def make_services(
    database: Database,
    engine: Engine,
    *,
    make_ledger: Callable[[Database, IdMaker], Ledger] = make_ledger,
    clock: Clock = utc_now,
    deadline_seconds: float = 10.0,
    lease_margin_seconds: float = LEASE_MARGIN_SECONDS,
    pause: Callable[[float], Awaitable[object]] = no_pause,
    time_limit: TimeLimit = asyncio.timeout,
    retries: RetryPolicy | None = None,
    telemetry: Telemetry | None = None,
) -> Services:
    """Services as a process has them, without announcements: who watches looks every few seconds."""
    ids = IdMaker()
    ledger = make_ledger(database, ids)
    return Services(
        catalog=Catalog(database),
        catalog_writer=CatalogWriter(database, ids),
        ledger=ledger,
        engine=engine,
        dispatcher=Dispatcher(
            engine.channels,
            deadline_seconds=deadline_seconds,
            process_limit=64,
            cluster_limit=16,
            lease_margin_seconds=lease_margin_seconds,
            pause=pause,
            time_limit=time_limit,
        ),
        telemetry=telemetry or OutcomeMetrics(NoMetrics()),
        background=Background(),
        progress=ProgressHub(ledger.reading, stall_after=STALL_AFTER),
        ids=ids,
        clock=clock,
        retries=retries or RetryPolicy(5),
        stall_after=STALL_AFTER,
        silence=SILENCE,
    )
