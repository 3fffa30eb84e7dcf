"""The work beside serving: follow snapshots, settle what is unconfirmed. For `serve` and `topicsnap worker`."""

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Self

from gateway.errors import StartError
from gateway.following.followed import followed_topics
from gateway.following.followers import Followers
from gateway.following.kafka_consumer import make_consumer
from gateway.following.schedules import run_schedules
from gateway.following.supervision import ReportHealthy, Supervised
from gateway.services import Runtime
from resolvers.following.apply_notifications import apply_notifications
from resolvers.following.end_unreported import end_unreported
from resolvers.following.set_aside import set_aside
from resolvers.principal import DEFAULT_TENANT
from resolvers.requesting.settle import settle
from resolvers.verification.verify_due import verify_due
from snapshots.following.dead_letters import DeadLetter
from snapshots.following.notifications import Notification


class Worker:
    """Runs the work in tasks of its own between entering and leaving it, each started again after a fault."""

    def __init__(
        self,
        runtime: Runtime,
        *,
        group: str,
        settle_seconds: int,
        notification_attempts: int,
        tenant_id: str = DEFAULT_TENANT,
    ) -> None:
        """Work for one tenant; `group` begins the Kafka consumer groups, one for each cluster.

        A notification that cannot be applied in `notification_attempts` attempts becomes a dead letter.
        """
        services = runtime.services

        async def apply(cluster_id: str, notifications: Sequence[Notification]) -> None:
            await apply_notifications(services, tenant_id, cluster_id, notifications)

        async def bury(letter: DeadLetter) -> None:
            await set_aside(services, tenant_id, letter)

        async def keep_settling(report_healthy: ReportHealthy) -> None:
            await run_schedules(
                runtime.url,
                sweep,
                settle_seconds=settle_seconds,
                report_healthy=report_healthy,
                verify=lambda: verify_due(services, tenant_id),
            )

        async def sweep() -> int:
            # Each does its work, also while the other has a fault.
            done = await asyncio.gather(
                settle(services, tenant_id), end_unreported(services, tenant_id), return_exceptions=True
            )
            for result in done:
                if isinstance(result, BaseException):
                    raise result
            return sum(result for result in done if isinstance(result, int))

        self._followers = Followers(
            lambda: followed_topics(services.catalog, tenant_id),
            apply,
            bury,
            group=group,
            attempts=notification_attempts,
            make_consumer=partial(make_consumer, runtime.kafka),
        )
        self._following = Supervised("following", self._followers.run)
        self._settling = Supervised("settling", keep_settling)
        self._tasks: list[asyncio.Task[None]] = []

    async def check_following(self) -> None:
        """Return while somebody sees to the following; raise StartError where nobody does.

        A Kafka that is away is no reason to take the gateway away as well: `faults` tells of it.
        """
        _check(self._following)

    async def check_settling(self) -> None:
        """Return while somebody sees to the settling; raise StartError where nobody does."""
        _check(self._settling)

    def faults(self) -> Mapping[str, str]:
        """What is wrong now, as sentences by what is meant; empty where all is well."""
        own = {work.name: work.last_fault for work in (self._following, self._settling) if work.last_fault}
        return own | {f"Kafka at {bootstrap}": fault for bootstrap, fault in self._followers.faults().items()}

    async def __aenter__(self) -> Self:
        """Start the work."""
        self._tasks = [asyncio.create_task(work.supervise()) for work in (self._following, self._settling)]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the work, letting each part finish what it is in the middle of."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _check(work: Supervised) -> None:
    if not work.alive:
        raise StartError(f"{work.name} does not run")
