"""Asks Kafka Connect over its REST API; reads only.

What it has to cope with (docs/debezium.md): 409 while workers rebalance, 404 with an HTML page just after start, and
configurations that hold passwords, which stay in memory and out of every message.
"""

import asyncio
import random
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, TypeVar
from urllib.parse import quote

import aiohttp
import orjson
from yarl import URL

from snapshots.errors import ClusterUnreachableError, SecretError
from snapshots.model import Cluster
from snapshots.ports.secrets import Secrets
from snapshots.vocabulary import ConnectorKind, ConnectorState

ShapeT = TypeVar("ShapeT", dict[str, Any], list[Any])

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Largest answer that is read: some thousands of connectors with their configurations."""
_MAX_TRACE = 500
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 2.0

# Of a connector and its tasks the one that stands farthest from reading signals says how the whole is.
_SEVERITY = (
    ConnectorState.FAILED,
    ConnectorState.STOPPED,
    ConnectorState.PAUSED,
    ConnectorState.RESTARTING,
    ConnectorState.UNASSIGNED,
    ConnectorState.UNKNOWN,
    ConnectorState.RUNNING,
)


@dataclass(frozen=True, slots=True)
class ConnectorInfo:
    """A connector as Kafka Connect tells it."""

    name: str
    kind: ConnectorKind
    connector_class: str | None
    version: str | None
    state: ConnectorState
    trace: str | None = None
    """First line of the trace of a failed task or connector."""
    config: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False, compare=False)
    """For reading in memory only: it can hold passwords."""
    left_out: frozenset[str] = frozenset()
    """Which of `kind`, `state` and `config` Kafka Connect did not tell, as it can while it rebalances."""

    @property
    def is_described(self) -> bool:
        """Whether it was told what it is and how it is configured."""
        return not self.left_out & {"kind", "config"}

    @classmethod
    def named(cls, name: str) -> "ConnectorInfo":
        """A connector of which nothing but the name is known."""
        return _connector(name, {})


class ConnectClient:
    """Asks the Kafka Connect clusters, over one shared HTTP session."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        secrets: Secrets,
        *,
        timeout_seconds: float = 10.0,
        jitter: Callable[[], float] = random.random,
        most_bytes: int = MAX_BODY_BYTES,
    ) -> None:
        """Take at most `timeout_seconds` for each question, retries and all; `jitter` spreads them (0 to 1).

        An answer of more than `most_bytes` is not read to its end.
        """
        self._most_bytes = most_bytes
        self._session = session
        self._secrets = secrets
        self._timeout_seconds = timeout_seconds
        self._jitter = jitter

    async def connectors(self, cluster: Cluster) -> list[ConnectorInfo]:
        """Return every connector of `cluster` with its state, in order of the names. Raises ClusterUnreachableError."""
        found = _told(await self._get(cluster, "/connectors?expand=status&expand=info"), dict, cluster)
        return [_connector(name, _object(found[name])) for name in sorted(found)]

    async def connector_names(self, cluster: Cluster) -> list[str]:
        """Return the names of all connectors, in order. Raises ClusterUnreachableError.

        `connectors` leaves out the ones of which Kafka Connect has no state yet, as just after they were made.
        """
        return sorted(str(name) for name in _told(await self._get(cluster, "/connectors"), list, cluster))

    async def plugin_versions(self, cluster: Cluster) -> dict[str, str]:
        """Return the versions of the installed connector classes. Raises ClusterUnreachableError."""
        plugins = _told(await self._get(cluster, "/connector-plugins"), list, cluster)
        return {
            str(plugin["class"]): str(plugin["version"])
            for plugin in map(_object, plugins)
            if plugin.get("class") and plugin.get("version")
        }

    async def connector_topics(self, cluster: Cluster, name: str) -> list[str] | None:
        """Return the topics that a connector has written to so far (a sink: has read), in order.

        None where Kafka Connect does not keep track of them. Raises ClusterUnreachableError.
        """
        found = await self._get(cluster, f"/connectors/{quote(name, safe='')}/topics", none_for=HTTPStatus.FORBIDDEN)
        if found is None:
            return None
        topics = _told(_object(_object(found).get(name)).get("topics"), list, cluster)
        return sorted(str(topic) for topic in topics)

    async def connector_offsets(self, cluster: Cluster, name: str) -> list[dict[str, Any]]:
        """Return the offsets that a connector has written, one for each of its partitions.

        Raises ClusterUnreachableError, also for a Kafka Connect before 3.5, which does not tell them.
        """
        found = await self._get(cluster, f"/connectors/{quote(name, safe='')}/offsets")
        return [_object(_object(entry).get("offset")) for entry in _array(_object(found).get("offsets"))]

    async def _get(self, cluster: Cluster, path: str, *, none_for: HTTPStatus | None = None) -> Any:  # noqa: ANN401 - JSON
        if not cluster.connect_url:
            raise ClusterUnreachableError(f"Cluster {cluster.name} has no Kafka Connect URL.")
        reason = "no answer"
        pause_seconds = _FIRST_PAUSE_SECONDS
        try:
            url = URL(cluster.connect_url.rstrip("/") + path, encoded=True)
            headers = self._headers(cluster)
            async with asyncio.timeout(self._timeout_seconds):
                while True:
                    status, body, is_json = await self._ask(url, headers)
                    if status == HTTPStatus.OK and is_json:
                        return orjson.loads(body)
                    if status == none_for:
                        return None
                    reason = f"it answered {status}" if status != HTTPStatus.OK else "its answer is no JSON"
                    if status != HTTPStatus.CONFLICT and not (status == HTTPStatus.NOT_FOUND and not is_json):
                        break
                    await asyncio.sleep(pause_seconds * (0.5 + self._jitter()))
                    pause_seconds = min(pause_seconds * 2, _LONGEST_PAUSE_SECONDS)
        except TimeoutError:
            reason = f"{reason} within {self._timeout_seconds:g} s"
        except SecretError as error:
            reason = str(error).rstrip(".")
        except orjson.JSONDecodeError:
            reason = "its answer is no JSON"
        except (aiohttp.ClientError, OSError, ValueError) as error:
            # The class alone: the messages quote the URL, which may hold a password.
            reason = type(error).__name__
        raise _unreachable(cluster, reason)

    async def _ask(self, url: URL, headers: Mapping[str, str]) -> tuple[int, bytes, bool]:
        # No redirects: they could lead the credentials elsewhere.
        async with self._session.get(url, headers=headers, allow_redirects=False) as response:
            body = bytearray()
            async for chunk in response.content.iter_chunked(2**16):
                body += chunk
                if len(body) > self._most_bytes:
                    raise aiohttp.ClientPayloadError
            return response.status, bytes(body), response.content_type == "application/json"

    def _headers(self, cluster: Cluster) -> dict[str, str]:
        if cluster.auth_ref is None:
            return {}
        credentials = self._secrets.resolve(cluster.auth_ref).encode()
        return {"Authorization": f"Basic {b64encode(credentials).decode()}"}


def _connector(name: str, expanded: Mapping[str, Any]) -> ConnectorInfo:
    status, info = _object(expanded.get("status")), _object(expanded.get("info"))
    connector = _object(status.get("connector"))
    tasks = [_object(task) for task in _array(status.get("tasks"))]
    config = {key: str(value) for key, value in _object(info.get("config")).items() if value is not None}
    told = {"config": config, "state": connector.get("state"), "kind": info.get("type") or status.get("type")}
    return ConnectorInfo(
        name=name,
        kind=ConnectorKind.SINK if told["kind"] == "sink" else ConnectorKind.SOURCE,
        connector_class=config.get("connector.class"),
        version=_text(connector.get("version")),
        state=_overall_state(connector, tasks),
        trace=_first_trace([*tasks, connector]),
        config=MappingProxyType(config),
        left_out=frozenset(part for part, value in told.items() if not value),
    )


def _overall_state(connector: Mapping[str, Any], tasks: Sequence[Mapping[str, Any]]) -> ConnectorState:
    states = {_state(part) for part in (connector, *tasks)}
    if not tasks and states == {ConnectorState.RUNNING}:
        return ConnectorState.UNASSIGNED  # its task has not been given out yet
    return next(state for state in _SEVERITY if state in states)


def _state(part: Mapping[str, Any]) -> ConnectorState:
    try:
        return ConnectorState(str(part.get("state")))
    except ValueError:
        return ConnectorState.UNKNOWN


def _first_trace(parts: Sequence[Mapping[str, Any]]) -> str | None:
    traces = (_text(part.get("trace")) for part in parts if _state(part) is ConnectorState.FAILED)
    return next((trace.strip().split("\n", 1)[0][:_MAX_TRACE] for trace in traces if trace and trace.strip()), None)


def _told(value: object, shape: type[ShapeT], cluster: Cluster) -> ShapeT:
    """Return `value`, which should be of this shape. Raises ClusterUnreachableError: else nothing would mean none."""
    if isinstance(value, shape):
        return value
    raise _unreachable(cluster, "its answer has another shape")


def _unreachable(cluster: Cluster, reason: str) -> ClusterUnreachableError:
    return ClusterUnreachableError(f"Kafka Connect of cluster {cluster.name} cannot be asked: {reason}.")


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _array(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
