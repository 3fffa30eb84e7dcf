"""Verifying that every row of the source has arrived: the worker's task for snapshots that have ended."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from persistence.database.errors import DatabaseError
from persistence.ledger.verification.verifying import DueVerification
from resolvers.services import Services
from resolvers.verification.look import look
from snapshots.records import SourceSnapshotRecord, TopicSnapshotRecord
from snapshots.requesting.dispatch import TimeLimit
from snapshots.verification.verdicts import Verification
from snapshots.vocabulary import SnapshotVerdict

logger = logging.getLogger(__name__)

TOPIC_SECONDS = 300.0
"""How long one look at one topic may take."""
AT_ONCE = 2
"""How many topics one process verifies at the same time: each may keep `MAX_KEYS` keys in memory."""
ATTEMPTS = 5
"""How often a topic is verified if its verdict may still change."""
MAX_ATTEMPTS = 10
"""How often a topic is tried if the looks do not even finish because the process dies."""
CONFIRMATIONS = 4
"""How often a loss is checked again at most, until two consecutive looks agree."""
CONFIRM_SECONDS = 5.0
"""The time between two of these looks."""
ROUNDS = 50
"""How many times one sweep takes topics; the next sweep takes the rest."""
LEASE = timedelta(seconds=30)
"""How long a topic stays with a process that does not renew its lease."""
HOLD_SECONDS = 10.0
"""How often a process renews its lease."""
_REST_SECONDS = (5.0, 15.0, 30.0, 60.0)

Pause = Callable[[float], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class VerificationPace:
    """How time passes while topics are verified."""

    confirm: Pause = asyncio.sleep
    """Passes the time between two looks at a loss."""
    hold: Pause = asyncio.sleep
    """Passes the time until the lease is renewed."""
    time_limit: TimeLimit = asyncio.timeout
    """Cuts off a look that takes too long."""


VERIFICATION_PACE = VerificationPace()


async def verify_due(services: Services, tenant_id: str, *, pace: VerificationPace = VERIFICATION_PACE) -> int:
    """Verify every topic for which this was requested and whose snapshot has ended; return the number of looks.

    Each verdict is recorded once. A loss must be found twice, with a pause between, before it is reported. If a verdict
    may still change, a later sweep looks again, at most `ATTEMPTS` times. Any number of replicas may run this at once;
    if one dies, others take over its topics when the lease has ended. Raises DatabaseError.
    """
    taken_up = 0
    for _ in range(ROUNDS):
        now = services.clock()
        claimed = await services.ledger.verifying.claim(tenant_id, at=now, lease_until=now + LEASE, most=AT_ONCE)
        if not claimed:
            break
        records = await services.ledger.reading.source_snapshots(tenant_id, [due.source_snapshot_id for due in claimed])
        async with asyncio.TaskGroup() as group:
            for due in claimed:
                if snapshot := records.get(due.source_snapshot_id):  # it may have been pruned in the meantime
                    group.create_task(_verify(services, tenant_id, due, snapshot, pace))
        taken_up += len(claimed)
    return taken_up


async def _verify(
    services: Services, tenant_id: str, due: DueVerification, snapshot: SourceSnapshotRecord, pace: VerificationPace
) -> None:
    topic = next(one for one in snapshot.topics if one.id == due.topic_snapshot_id)
    found: Verification | None
    if due.attempt > MAX_ATTEMPTS:
        found = _not_provable(f"The verification was started {MAX_ATTEMPTS} times and never finished.")
    else:
        found = await _held(services, tenant_id, due, _confirmed(services, snapshot, topic, due, pace), pace)
    if found is None:
        return
    now = services.clock()
    try:
        if found.passing and due.attempt < ATTEMPTS:
            rest = timedelta(seconds=_REST_SECONDS[min(due.attempt, len(_REST_SECONDS)) - 1])
            await services.ledger.verifying.postpone(tenant_id, due, due_at=now + rest)
        else:
            await services.ledger.verifying.record(tenant_id, due, found, at=now)
            services.telemetry.topic_verified(found.verdict)
    except DatabaseError as error:  # the others continue, and this one will be tried again
        logger.warning("the verdict on %s could not be recorded: %s", due.topic_snapshot_id, error)


async def _held(
    services: Services, tenant_id: str, due: DueVerification, looking: Awaitable[Verification], pace: VerificationPace
) -> Verification | None:
    """Return what `looking` finds, and hold the topic meanwhile; None if another process has taken it over."""
    task = asyncio.ensure_future(looking)
    resting = asyncio.ensure_future(pace.hold(HOLD_SECONDS))
    try:
        while True:
            await asyncio.wait({task, resting}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            resting = asyncio.ensure_future(pace.hold(HOLD_SECONDS))
            try:
                lease_until = services.clock() + LEASE
                if not await services.ledger.verifying.hold(tenant_id, due, lease_until=lease_until):
                    return None
            except DatabaseError as error:
                logger.warning(
                    "the lease on the verification of %s could not be renewed: %s", due.topic_snapshot_id, error
                )
    finally:
        task.cancel()
        resting.cancel()
        await asyncio.gather(task, resting, return_exceptions=True)


async def _confirmed(
    services: Services,
    snapshot: SourceSnapshotRecord,
    topic: TopicSnapshotRecord,
    due: DueVerification,
    pace: VerificationPace,
) -> Verification:
    """Return what a look finds. Report a loss only if the next look finds it too, and no row has come in between."""
    found = await _one_look(services, snapshot, topic, due, pace)
    for _ in range(CONFIRMATIONS):
        if found.verdict is not SnapshotVerdict.INCOMPLETE:
            return found
        await pace.confirm(CONFIRM_SECONDS)
        again = await _one_look(services, snapshot, topic, due, pace)
        if again.verdict is SnapshotVerdict.INCOMPLETE and again.emitted_rows == found.emitted_rows:
            return again
        found = again
    if found.verdict is SnapshotVerdict.INCOMPLETE:
        reason = f"Rows of the snapshot were still arriving. {found.reason}"
        found = replace(found, verdict=SnapshotVerdict.NOT_PROVABLE, reason=reason, passing=True)
    return found


async def _one_look(
    services: Services,
    snapshot: SourceSnapshotRecord,
    topic: TopicSnapshotRecord,
    due: DueVerification,
    pace: VerificationPace,
) -> Verification:
    try:
        async with pace.time_limit(TOPIC_SECONDS):
            return await look(services, snapshot, topic, due.mark)
    except TimeoutError:
        return _not_provable(f"Reading the topic and the table took longer than {TOPIC_SECONDS:g} s.")
    except Exception:
        logger.exception("the verification of %s failed unexpectedly", due.topic_snapshot_id)
        return _not_provable("The verification failed because of an internal error; see the log.", passing=True)


def _not_provable(reason: str, *, passing: bool = False) -> Verification:
    return Verification(SnapshotVerdict.NOT_PROVABLE, reason, passing=passing)
