"""Ending snapshots that get no more reports, or never got any: a sweep beside the one for signals."""

import asyncio
import logging
from datetime import timedelta
from functools import partial

from persistence.ledger.following.unreported import Unfollowed
from persistence.ledger.requesting.sending import SignalKey
from resolvers.requesting.sending import send_next
from resolvers.services import Services
from snapshots.following.unreported import OFFSETS_AGE, judge
from snapshots.ports.snapshot_probe import OffsetsReport

logger = logging.getLogger(__name__)

GRACE = timedelta(seconds=10)
"""How long reports of tables may still come after the engine reported the end: from another partition, or a stop's
ABORTED, which follows within a millisecond."""
_CONCURRENCY = 8


async def end_unreported(
    services: Services, tenant_id: str, *, grace: timedelta = GRACE, offsets_age: timedelta = OFFSETS_AGE
) -> int:
    """End snapshots that will get no more reports; return how many were checked or ended.

    These are: signals whose end was reported without a report of each table; external snapshots that give no more sign
    of life; snapshots of connectors that send no notifications, which are looked up in the connectors' offsets. If a
    signal becomes due by this, it is sent. Any number of replicas may run this at once. Raises DatabaseError.
    """
    now = services.clock()
    lease_until = services.dispatcher.lease_until(now, 1)
    due = await services.ledger.unreported.conclude_ended(tenant_id, at=now, grace=grace, lease_until=lease_until)
    silent = await services.ledger.unreported.release_silent(tenant_id, at=now, silence=services.silence)
    unfollowed = await services.ledger.unreported.unfollowed(tenant_id)
    if unfollowed:
        due += await _judge_all(services, tenant_id, unfollowed, offsets_age)
    if silent:
        logger.warning("gave up external snapshots that no longer gave a sign of life", extra={"count": silent})
    if due:
        services.background.start(send_next(services, tenant_id, due))
    return len(due) + silent


async def _judge_all(
    services: Services, tenant_id: str, unfollowed: tuple[Unfollowed, ...], offsets_age: timedelta
) -> tuple[SignalKey, ...]:
    sights = await _look_at_all(services, unfollowed)
    now = services.clock()
    judges = [
        (
            one.source_snapshot_id,
            partial(judge, sight=sight, now=now, silence=services.silence, offsets_age=offsets_age),
        )
        for one, sight in zip(unfollowed, sights, strict=True)
    ]
    lease_until = services.dispatcher.lease_until(now, len(judges))
    return await services.ledger.unreported.judge_unfollowed(tenant_id, judges, at=now, lease_until=lease_until)


async def _look_at_all(services: Services, unfollowed: tuple[Unfollowed, ...]) -> list[OffsetsReport | None]:
    """Look at each source once, a few at a time; no database connection is held meanwhile."""
    places = asyncio.Semaphore(_CONCURRENCY)

    async def look(one: Unfollowed) -> OffsetsReport | None:
        if one.was_followed or one.source.cluster.connect_url is None:
            return None
        async with places:
            return await services.engine.probe.look(one.source)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(look(one)) for one in unfollowed]
    return [task.result() for task in tasks]
