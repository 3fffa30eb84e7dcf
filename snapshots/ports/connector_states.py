"""The port to the states of connectors."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from snapshots.model import Cluster
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import ConnectorState


@dataclass(frozen=True, slots=True)
class ConnectorObservation:
    """What Kafka Connect said of one connector."""

    name: str
    state: ConnectorState
    observed_at: datetime
    trace: str | None = None
    """First line of a failed task's trace; never configuration."""
    keys: KeySettings | None = None
    """What its configuration says of keys; None where that was not told."""


class ConnectorStates(Protocol):
    """Knows the state of every connector of a cluster, by one request a cluster, cached for seconds."""

    async def observe(self, cluster: Cluster, wanted: Collection[str] = ()) -> Mapping[str, ConnectorObservation]:
        """Return the connectors of `cluster` by name.

        No cached answer says of one of `wanted` that it is missing or does not run: then the cluster is asked anew.
        Raises ClusterUnreachableError; failures are cached as well, so that a dead cluster costs one wait, not many.
        """
        ...
