"""One follower for each cluster of the catalogue, started and stopped as the catalogue changes."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from gateway.following.careful_apply import Apply, CarefulApply, SetAside
from gateway.following.follower import Followed, Follower
from gateway.following.kafka_consumer import MakeConsumer
from gateway.following.supervision import ReportHealthy, Supervised
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.errors import TopicsnapError

logger = logging.getLogger(__name__)

_REFRESH_SECONDS = 2.0

Wanted = Callable[[], Awaitable[Mapping[str, Followed]]]
"""Tells from the catalogue what to follow, by the clusters' ids. Raises DatabaseError."""


class Followers:
    """Keeps a follower running for each cluster."""

    def __init__(
        self,
        wanted: Wanted,
        apply: Apply,
        set_aside: SetAside,
        *,
        group: str,
        attempts: int,
        make_consumer: MakeConsumer,
        refresh_seconds: float = _REFRESH_SECONDS,
        make_follower: Callable[..., Follower] = Follower,
    ) -> None:
        """Follow what `wanted` tells, asked every `refresh_seconds`; each cluster's consumer group begins with `group`.

        A notification that cannot be applied in `attempts` attempts goes to `set_aside`.
        """
        self._wanted = wanted
        self._refresh_seconds = refresh_seconds
        self._make_follower = make_follower
        self._apply = apply
        self._set_aside = set_aside
        self._attempts = attempts
        self._group = group
        self._make_consumer = make_consumer
        self._followers: dict[str, tuple[Follower, Supervised, asyncio.Task[None]]] = {}

    def faults(self) -> dict[str, str]:
        """What is wrong now, as a sentence by Kafka bootstrap servers; empty where all is well."""
        followers = self._followers.values()
        return {follower.kafka.bootstrap: work.last_fault for follower, work, _ in followers if work.last_fault}

    async def run(self, report_healthy: ReportHealthy) -> None:
        """Follow until cancelled; all followers have ended then.

        `report_healthy` is called when the catalogue has answered.
        """
        try:
            while True:
                wanted = await self._ask()
                if wanted is not None:
                    report_healthy()
                    await self._refresh(wanted)
                await asyncio.sleep(self._refresh_seconds)
        finally:
            await self._refresh({})

    async def _ask(self) -> Mapping[str, Followed] | None:
        try:
            return await self._wanted()
        except TopicsnapError as error:
            # The followers go on with what they know; they meet the same database and say so themselves.
            logger.warning("the catalogue cannot be read: %s", error)
            return None

    async def _refresh(self, wanted: Mapping[str, Followed]) -> None:
        moved = [
            cluster_id
            for cluster_id, (follower, _, _) in self._followers.items()
            if cluster_id not in wanted or wanted[cluster_id].kafka != follower.kafka
        ]
        gone = [self._followers.pop(cluster_id)[2] for cluster_id in moved]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for cluster_id, followed in wanted.items():
            if cluster_id not in self._followers:
                self._followers[cluster_id] = self._start(cluster_id, followed.kafka)
            self._followers[cluster_id][0].topics = followed.topics

    def _start(self, cluster_id: str, kafka: KafkaAccess) -> tuple[Follower, Supervised, asyncio.Task[None]]:
        apply = CarefulApply(cluster_id, self._apply, self._set_aside, attempts=self._attempts)
        follower = self._make_follower(cluster_id, kafka, apply, group=self._group, make_consumer=self._make_consumer)
        work = Supervised(f"follower of cluster {cluster_id} on Kafka at {kafka.bootstrap}", follower.run)
        return follower, work, asyncio.create_task(work.supervise())
