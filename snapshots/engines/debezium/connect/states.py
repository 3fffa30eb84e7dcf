"""The states of connectors, asked of Kafka Connect once for all who want to know them at about the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from time import monotonic

from snapshots.engines.debezium.configuration.properties import key_settings
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.errors import ClusterUnreachableError
from snapshots.identifiers import Clock, utc_now
from snapshots.model import Cluster
from snapshots.ports.connector_states import ConnectorObservation

_Observations = Mapping[str, ConnectorObservation]


@dataclass(slots=True)
class _Answer:
    """A question under way, or its answer, good until then by the monotonic clock."""

    task: asyncio.Task[_Observations]
    asked_at: float
    until: float


class CachedConnectorStates:
    """Implements the port ConnectorStates: one request a cluster, shared and kept for a moment, failures too.

    A kept answer lets pass, and never refuses: a connector may have been made or started since.
    """

    def __init__(
        self,
        client: ConnectClient,
        *,
        ttl_seconds: float = 2.0,
        wait_seconds: float = 5.0,
        between_seconds: float = 0.5,
        clock: Clock = utc_now,
        now: Callable[[], float] = monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Keep an answer for `ttl_seconds`, and let nobody wait longer than `wait_seconds` for one.

        Where a kept answer will not do, a cluster is asked again `between_seconds` after the last question at the
        earliest, once for all who wait.
        """
        self._client = client
        self._ttl_seconds = ttl_seconds
        self._wait_seconds = wait_seconds
        self._between_seconds = between_seconds
        self._clock = clock
        self._now = now
        self._pause = pause
        self._answers: dict[Cluster, _Answer] = {}

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> _Observations:
        """Return the connectors of `cluster` by name. Raises ClusterUnreachableError, also where it takes too long."""
        called_at = self._now()
        try:
            async with asyncio.timeout(self._wait_seconds):
                answer = self._answers.get(cluster)
                if answer is None or called_at >= answer.until:
                    answer = self._ask(cluster)
                # Shielded: whoever asked first may be cancelled, and the others still want the answer.
                found = await asyncio.shield(answer.task)
                if answer.asked_at < called_at and not _all_at_work(found, wanted):
                    answer = await self._after(answer, cluster)
                    found = await asyncio.shield(answer.task)
                return found
        except TimeoutError:
            message = f"Kafka Connect of cluster {cluster.name} did not answer within {self._wait_seconds:g} s."
            raise ClusterUnreachableError(message) from None
        except ClusterUnreachableError as error:
            raise ClusterUnreachableError(str(error)) from error  # one error for each caller, each with its traceback

    async def close(self) -> None:
        """Give up the questions under way."""
        tasks = [answer.task for answer in self._answers.values()]
        self._answers.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _after(self, answer: _Answer, cluster: Cluster) -> _Answer:
        """Return the next answer after `answer`, of whoever comes to ask first."""
        rest = answer.asked_at + self._between_seconds - self._now()
        if rest > 0:
            await self._pause(rest)
        latest = self._answers.get(cluster)
        return self._ask(cluster) if latest is None or latest is answer else latest

    def _ask(self, cluster: Cluster) -> _Answer:
        self._drop_outdated()
        task = asyncio.create_task(self._observe(cluster))
        answer = self._answers[cluster] = _Answer(task, self._now(), float("inf"))

        def answered(done: asyncio.Task[_Observations]) -> None:
            answer.until = self._now() + self._ttl_seconds
            if not done.cancelled():
                done.exception()  # whoever waited has given up, and nobody else need hear of it

        task.add_done_callback(answered)
        return answer

    async def _observe(self, cluster: Cluster) -> _Observations:
        connectors = await self._client.connectors(cluster)
        observed_at = self._clock()
        return {
            connector.name: ConnectorObservation(
                connector.name,
                connector.state,
                observed_at,
                connector.trace,
                key_settings(connector.config) if connector.is_described else None,
            )
            for connector in connectors
        }

    def _drop_outdated(self) -> None:
        now = self._now()
        for cluster in [cluster for cluster, answer in self._answers.items() if now >= answer.until]:
            del self._answers[cluster]


def _all_at_work(found: _Observations, wanted: Collection[str]) -> bool:
    """Whether `found` has each of `wanted`, in a state in which it reads signals."""
    return all(name in found and found[name].state.reads_signals for name in wanted)
