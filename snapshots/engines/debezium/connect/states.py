"""The states of connectors, asked of Kafka Connect once for all who want to know them at about the same time."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from time import monotonic

from snapshots.engines.debezium.configuration.properties import key_settings
from snapshots.engines.debezium.connect.client import ConnectClient
from snapshots.engines.debezium.connect.shared_answers import SharedAnswers
from snapshots.errors import ClusterUnreachableError
from snapshots.identifiers import Clock, utc_now
from snapshots.model import Cluster
from snapshots.ports.connector_states import ConnectorObservation

_Observations = Mapping[str, ConnectorObservation]


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
        self._wait_seconds = wait_seconds
        self._clock = clock
        self._answers: SharedAnswers[Cluster, _Observations] = SharedAnswers(
            ttl_seconds=ttl_seconds, between_seconds=between_seconds, now=now, pause=pause
        )

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> _Observations:
        """Return the connectors of `cluster` by name. Raises ClusterUnreachableError, also where it takes too long."""
        try:
            async with asyncio.timeout(self._wait_seconds):
                return await self._answers.get(
                    cluster, lambda: self._observe(cluster), will_do=lambda found: _all_at_work(found, wanted)
                )
        except TimeoutError:
            message = f"Kafka Connect of cluster {cluster.name} did not answer within {self._wait_seconds:g} s."
            raise ClusterUnreachableError(message) from None
        except ClusterUnreachableError as error:
            raise ClusterUnreachableError(str(error)) from error  # one error for each caller, each with its traceback

    async def close(self) -> None:
        """Give up the questions under way."""
        await self._answers.close()

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


def _all_at_work(found: _Observations, wanted: Collection[str]) -> bool:
    """Whether `found` has each of `wanted`, in a state in which it reads signals."""
    return all(name in found and found[name].state.reads_signals for name in wanted)
