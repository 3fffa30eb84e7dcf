"""A served gateway for the tests of subscriptions, and an engine that reports when a test says so."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp

from gateway.app import Parts, build_app
from gateway.graphql.view import build_graphql_app
from gateway.http.app_route import AppRoute
from gateway.process.server import Server, make_server
from gateway.process.sockets import listening, url_of
from resolvers.following.apply_notifications import apply_notifications
from resolvers.progress.hub import ProgressHub
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.records import BulkSnapshotRecord
from tests.support.api import SHOP, Api
from tests.support.timers import Timers
from tests.support.waiting import FAULT_SECONDS

PROTOCOL = "graphql-transport-ws"
WATCH = """subscription($id: ID!) { bulkSnapshotProgress(id: $id) {
             state progress { topicsFinished rowsScanned } snapshots { state } } }"""
_BEGAN = datetime(2026, 5, 17, 10, 0, tzinfo=UTC)


@dataclass
class Engine:
    """Reports on the incremental snapshots of the shop's catalogue."""

    api: Api
    offset: int = field(default=-1)

    async def snapshot(self, *topic_ids: str) -> BulkSnapshotRecord:
        """Have a snapshot dispatched."""
        payload = await self.api.snapshot(*(topic_ids or ("top_orders",)), selection="bulkSnapshot { id }")
        id_ = payload["bulkSnapshot"]["id"]
        return (await self.api.services.ledger.reading.bulk_snapshots("default", [id_]))[id_]

    async def begin(self, record: BulkSnapshotRecord) -> None:
        """Report that each source has begun."""
        await self._tell(record, NotificationKind.STARTED)

    async def finish(self, record: BulkSnapshotRecord) -> None:
        """Report that each topic was read, five rows of it, and each source is done."""
        scanned = {"status": "SUCCEEDED", "rows_scanned": 5}
        for one in record.snapshots:
            for topic in one.topics:
                more = scanned | {"scanned_collection": topic.data_collection}
                await self._tell(record, NotificationKind.TABLE_SCAN_COMPLETED, one.source.id, **more)
        await self._tell(record, NotificationKind.COMPLETED)

    async def _tell(
        self,
        record: BulkSnapshotRecord,
        kind: NotificationKind,
        source_id: str | None = None,
        **more: Any,  # noqa: ANN401 (fields of a notification)
    ) -> None:
        for one in record.snapshots:
            if source_id in {None, one.source.id}:
                self.offset += 1
                notification = Notification(
                    cluster_id="clu_main",
                    topic="notifications",
                    partition=0,
                    offset=self.offset,
                    record_timestamp_ms=1_779_012_000_000 + self.offset,
                    prefix=one.source.topic_prefix or "",
                    id=one.signals[0].id,
                    kind=kind,
                    incremental=True,
                    at=_BEGAN + timedelta(milliseconds=self.offset),
                    **more,
                )
                await apply_notifications(self.api.services, "default", "clu_main", [notification])


async def followed(api: Api) -> None:
    """Have the connectors of the shop's catalogue report where `Engine` does."""
    connectors = tuple(replace(connector, notification_topic="notifications") for connector in SHOP.connectors)
    clusters = tuple(replace(cluster, kafka_bootstrap="kafka.example:9092") for cluster in SHOP.clusters)
    await api.services.catalog_writer.import_catalog("default", replace(SHOP, clusters=clusters, connectors=connectors))


@dataclass
class Served:
    """A gateway on a real socket."""

    url: str
    hub: ProgressHub
    engine: Engine
    serving: asyncio.Task[None]
    server: Server
    session: aiohttp.ClientSession

    def connections(self) -> int:
        """How many are open."""
        return len(self.server.server_state.connections)

    @property
    def graphql(self) -> str:
        return f"{self.url}/graphql"

    async def stop(self) -> None:
        """Tell the server to end, and wait until it has."""
        self.serving.cancel()
        await asyncio.wait_for(asyncio.gather(self.serving, return_exceptions=True), FAULT_SECONDS)


def with_quick_heartbeats(api: Api) -> Api:
    """The same API, with a heartbeat every 50 ms."""
    return replace(api, options=replace(api.options, heartbeat_seconds=0.05))


@asynccontextmanager
async def served(
    api: Api,
    *,
    shutdown_seconds: float = 600.0,
    unread_seconds: float = 15.0,
    timers: Timers | None = None,
    send_buffer: int | None = None,
) -> AsyncIterator[Served]:
    """Serve `api`, whose services are used as they are; nobody may wait for the ten minutes that a stop may take."""
    parts = Parts()
    graphql = build_graphql_app(api.services, api.endpoints, api.options, parts.stopping)
    app = build_app(Parts(routes=[AppRoute("/graphql", graphql)], stopping=parts.stopping))
    ready = asyncio.Event()
    with listening("127.0.0.1", 0) as listener:
        if send_buffer is not None:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, send_buffer)
        server = make_server(
            app,
            ready=ready.set,
            shutdown_seconds=shutdown_seconds,
            stopping=parts.stopping,
            message_limit_bytes=api.options.body_limit_bytes,
            unread_seconds=unread_seconds,
            call_later=timers.call_later if timers else None,
        )
        task = asyncio.create_task(server.run_until_cancelled(listener))
        await asyncio.wait_for(ready.wait(), FAULT_SECONDS)
        async with aiohttp.ClientSession() as session:
            yield Served(url_of(listener), api.services.progress, Engine(api), task, server, session)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


class Socket:
    """A WebSocket client that speaks in messages."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def send(self, message: object) -> None:
        await self.socket.send_str(message if isinstance(message, str) else json.dumps(message))

    async def receive(self) -> Any:  # noqa: ANN401 (JSON)
        """The next message, which has to be one of the protocol."""
        got = await asyncio.wait_for(self.socket.receive(), FAULT_SECONDS)
        assert got.type is aiohttp.WSMsgType.TEXT, (got, self.socket.close_code)
        return json.loads(got.data)

    async def closed(self) -> tuple[int | None, str]:
        """Read to the end; the close code and the reason."""
        async with asyncio.timeout(FAULT_SECONDS):
            while (got := await self.socket.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        assert got.type in {aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED}, got
        return self.socket.close_code, str(got.extra or "")

    async def init(self, payload: Mapping[str, object] | None = None) -> None:
        await self.send({"type": "connection_init"} | ({"payload": payload} if payload is not None else {}))
        assert await self.receive() == {"type": "connection_ack"}

    async def subscribe(self, id: str, query: str, variables: Mapping[str, object] | None = None) -> None:
        await self.send({"id": id, "type": "subscribe", "payload": {"query": query, "variables": variables}})

    async def results(self, id: str) -> list[Any]:
        """The payloads of all `next` messages of `id`, to its `complete`."""
        payloads = []
        while (message := await self.receive())["type"] != "complete":
            assert (message["id"], message["type"]) == (id, "next"), message
            payloads.append(message["payload"])
        assert message == {"id": id, "type": "complete"}
        return payloads


@asynccontextmanager
async def connected(
    gateway: Served, *, protocols: tuple[str, ...] = (PROTOCOL,), headers: Mapping[str, str] | None = None
) -> AsyncIterator[Socket]:
    """Open a WebSocket."""
    async with gateway.session.ws_connect(gateway.graphql, protocols=protocols, headers=headers) as opened:
        yield Socket(opened)
