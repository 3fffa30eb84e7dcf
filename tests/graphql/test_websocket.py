"""Subscriptions, and other operations, over graphql-transport-ws."""

import asyncio
import base64
import json
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import aiohttp
import pytest
from starlette.requests import HTTPConnection

from gateway.auth.principals import connection_parameters
from gateway.http.responses import RequestRefusedError
from persistence.ledger.following.announcements import Announcements
from resolvers.principal import LOCAL_PRINCIPAL, Principal
from resolvers.progress.hub import ProgressHub
from resolvers.progress.watchers import ProgressView
from tests.support.api import Api
from tests.support.streams import PROTOCOL, WATCH, Served, connected, followed, served
from tests.support.timers import Timers
from tests.support.waiting import FAULT_SECONDS, until

if TYPE_CHECKING:
    from gateway.process.connections import WebSocketProtocol


@pytest.fixture
async def listening_api(api: Api, database_url: str) -> AsyncIterator[Api]:
    """The API, with a hub that hears of changes."""
    await followed(api)
    hub = ProgressHub(api.services.ledger.reading, Announcements.at(database_url), stall_after=api.services.stall_after)
    yield api.over(replace(api.services, progress=hub))
    await hub.close()


@pytest.fixture
async def gateway(listening_api: Api) -> AsyncIterator[Served]:
    async with served(listening_api) as gateway:
        yield gateway


async def test_a_bulk_snapshot_is_watched_to_its_end(gateway: Served) -> None:
    record = await gateway.engine.snapshot("top_orders", "top_invoices")
    async with connected(gateway) as client:
        assert client.socket.protocol == PROTOCOL
        await client.init()
        await client.subscribe("1", WATCH, {"id": record.id})
        first = (await client.receive())["payload"]["data"]["bulkSnapshotProgress"]
        assert first["state"] == "IN_PROGRESS"
        assert [one["state"] for one in first["snapshots"]] == ["DISPATCHED", "DISPATCHED"]
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
        last = (await client.results("1"))[-1]["data"]["bulkSnapshotProgress"]
        assert last["state"] == "COMPLETED"
        assert last["progress"] == {"topicsFinished": 2, "rowsScanned": "10"}
    assert gateway.hub.watchers == 0


async def test_what_a_client_does_not_see_change_is_not_told_again(gateway: Served) -> None:
    record = await gateway.engine.snapshot("top_orders", "top_invoices")
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("all", WATCH, {"id": record.id})
        await client.receive()
        await client.subscribe(
            "few", "subscription($id: ID!) { bulkSnapshotProgress(id: $id) { id } }", {"id": record.id}
        )
        few = [await client.receive()]
        await gateway.engine.begin(record)
        while (seen := await client.receive())["id"] == "few" or not running(seen):
            few += [seen] if seen["id"] == "few" else []
        await gateway.engine.finish(record)
        left = {"all", "few"}
        while left:
            message = await client.receive()
            left -= {message["id"]} if message["type"] == "complete" else set()
            few += [message] if message["id"] == "few" else []
    data = {"data": {"bulkSnapshotProgress": {"id": record.id}}}
    assert [message.get("payload") for message in few] == [data, data, None]  # the first, the last, and the end


def running(message: Any) -> bool:  # noqa: ANN401 (JSON)
    states = message["payload"]["data"]["bulkSnapshotProgress"]["snapshots"]
    return all(one["state"] == "RUNNING" for one in states)


async def leaking(*arguments: object, **more: object) -> object:
    """Do what aiokafka's stop() does: end by a cancellation that nobody asked for."""
    await asyncio.sleep(0)
    raise asyncio.CancelledError("of a future of the driver's own")


async def test_a_cancellation_that_nobody_asked_for_is_an_error_of_the_operation(gateway: Served) -> None:
    gateway.engine.api.services.catalog.topics_page = leaking  # type: ignore[method-assign, assignment]
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", "{ topics { totalCount } }")
        (error,) = (await client.results("1"))[0]["errors"]
        assert (error["message"], error["path"]) == ("Unexpected error.", ["topics"])
        assert error["extensions"]["code"] == "INTERNAL_ERROR"
        assert error["extensions"]["requestId"]


async def test_one_that_ends_a_subscription_is_told_and_leaves_the_connection(listening_api: Api) -> None:
    class Broken(ProgressHub):
        async def watch(self, tenant_id: str, bulk_snapshot_id: str) -> AsyncGenerator[ProgressView, None]:
            yield ProgressView(None, datetime.now(UTC))
            await leaking()

    services = listening_api.services
    hub = Broken(services.ledger.reading, stall_after=services.stall_after)
    broken = listening_api.over(replace(services, progress=hub))
    async with served(broken) as gateway, connected(gateway) as client:
        await client.init()
        await client.subscribe("1", WATCH, {"id": "bulk_any"})
        assert (await client.receive())["type"] == "next"
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        (error,) = message["payload"]
        assert error["message"] == "Unexpected error."
        assert error["extensions"]["code"] == "INTERNAL_ERROR"
        await client.subscribe("2", "{ viewer { subject } }")
        assert len(await client.results("2")) == 1


async def test_what_does_not_exist_is_null_and_complete(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", WATCH, {"id": "bulk_unknown"})
        assert await client.results("1") == [{"data": {"bulkSnapshotProgress": None}}]


async def test_queries_and_mutations_go_the_same_way(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.init({})
        await client.subscribe("q", '{ topic(id: "top_orders") { name } }')
        assert await client.results("q") == [{"data": {"topic": {"name": "shop.public.orders"}}}]
        mutation = 'mutation { bulkSnapshotTopics(input: {topicIds: ["top_orders"]}) { summary { succeeded } } }'
        await client.subscribe("q", mutation)  # the id is free again
        assert await client.results("q") == [{"data": {"bulkSnapshotTopics": {"summary": {"succeeded": 1}}}}]


async def test_each_operation_reads_anew(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    query = f'{{ bulkSnapshot(id: "{record.id}") {{ state }} }}'
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", query)
        assert await client.results("1") == [{"data": {"bulkSnapshot": {"state": "IN_PROGRESS"}}}]
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
        await client.subscribe("2", query)
        assert await client.results("2") == [{"data": {"bulkSnapshot": {"state": "COMPLETED"}}}]


async def test_fields_that_are_loaded_are_as_new_as_the_state(gateway: Served) -> None:
    """Loaders keep what they read: a later state must not be answered from the first one's."""
    record = await gateway.engine.snapshot()
    query = """subscription($id: ID!) { bulkSnapshotProgress(id: $id) {
                 state snapshots { bulkSnapshot { state } topics { topic { lastSnapshot { state } } } } } }"""
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", query, {"id": record.id})
        await client.receive()
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
        last = (await client.results("1"))[-1]["data"]["bulkSnapshotProgress"]
    assert last["snapshots"][0]["bulkSnapshot"]["state"] == "COMPLETED"
    assert last["snapshots"][0]["topics"][0]["topic"]["lastSnapshot"]["state"] == "COMPLETED"


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("{", id="syntax"),
        pytest.param("{ nothing }", id="validation"),
        pytest.param("query A { viewer { subject } } query B { viewer { subject } }", id="which one"),
        pytest.param("subscription { bulkSnapshotProgress(id: {}) { id } }", id="argument"),
        pytest.param("subscription($id: ID!) { bulkSnapshotProgress(id: $id) { id } }", id="variable"),
    ],
)
async def test_a_wrong_operation_is_an_error_of_its_own(gateway: Served, query: str) -> None:
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", query)
        message = await client.receive()
        assert (message["id"], message["type"]) == ("1", "error")
        assert message["payload"][0]["message"]
        await client.subscribe("1", "{ viewer { subject } }")  # the connection and the id live on
        assert await client.results("1") == [{"data": {"viewer": {"subject": "local"}}}]


async def test_pings_are_answered_before_and_after_the_init(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.send({"type": "ping", "payload": {"n": 1}})
        assert await client.receive() == {"type": "pong", "payload": {"n": 1}}
        await client.init()
        await client.send({"type": "pong"})
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}


async def test_complete_ends_a_subscription(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    async with connected(gateway) as client:
        await client.init()
        await client.subscribe("1", WATCH, {"id": record.id})
        await client.receive()
        assert gateway.hub.watchers == 1
        await client.send({"id": "1", "type": "complete"})
        await client.send({"id": "never begun", "type": "complete"})
        await client.send({"type": "ping"})
        assert await client.receive() == {"type": "pong"}
        assert gateway.hub.watchers == 0


async def test_a_client_that_goes_leaves_nothing_behind(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    async with connected(gateway) as client:
        await client.init()
        for number in range(5):
            await client.subscribe(str(number), WATCH, {"id": record.id})
            await client.receive()
        assert gateway.hub.watchers == 5
    await until(lambda: gateway.hub.watchers == 0)


@pytest.mark.parametrize(
    "message",
    [
        "not json",
        "null",
        "5",
        '"x"',
        "[]",
        "{}",
        '{"type": 5}',
        '{"type": "start"}',
        '{"type": "connection_init", "payload": 5}',
        '{"type": "ping", "payload": []}',
        '{"type": "complete"}',
        '{"type": "subscribe", "payload": {"query": "{ viewer { subject } }"}}',
        '{"type": "subscribe", "id": "", "payload": {"query": "{ viewer { subject } }"}}',
        '{"type": "subscribe", "id": ["1"], "payload": {"query": "{ viewer { subject } }"}}',
        '{"type": "subscribe", "id": "1"}',
        '{"type": "subscribe", "id": "1", "payload": null}',
        '{"type": "subscribe", "id": "1", "payload": {}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": 5}}',
        '{"type": "subscribe", "id": "1", "payload": {"query": "{ x }", "variables": []}}',
        '{"type": "ping", "payload": {"x": "\\ud800"}}',
        "[" * 100_000,
    ],
    ids=lambda text: text[:70],
)
@pytest.mark.parametrize("greeted", [False, True], ids=["at once", "after the init"])
async def test_a_message_that_is_none_closes_with_4400(gateway: Served, message: str, *, greeted: bool) -> None:
    async with connected(gateway) as client:
        if greeted:
            await client.init()
        await client.send(message)
        code, reason = await client.closed()
        assert code == 4400
        assert reason


async def test_bytes_close_with_4400(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.socket.send_bytes(b'{"type": "connection_init"}')
        assert (await client.closed())[0] == 4400


async def test_a_message_that_is_too_long_closes_with_1009(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.init()
        await client.send("x" * 1_100_000)
        assert (await client.closed())[0] == 1009


async def test_a_subscription_before_the_init_closes_with_4401(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.subscribe("1", WATCH, {"id": "x"})
        assert (await client.closed())[0] == 4401


async def test_a_second_init_closes_with_4429(gateway: Served) -> None:
    async with connected(gateway) as client:
        await client.init()
        await client.send({"type": "connection_init"})
        assert (await client.closed())[0] == 4429


async def test_an_id_in_use_closes_with_4409(gateway: Served) -> None:
    record = await gateway.engine.snapshot()
    async with connected(gateway) as client:
        await client.init()
        for _ in range(2):
            await client.subscribe("twice", WATCH, {"id": record.id})
        assert await client.closed() == (4409, "Subscriber for twice already exists")


def with_sockets(api: Api, **options: Any) -> Api:  # noqa: ANN401 (fields of SocketOptions)
    """The same API, which serves WebSockets by `options`."""
    return replace(api, options=replace(api.options, sockets=replace(api.options.sockets, **options)))


async def test_an_init_that_does_not_come_closes_with_4408(listening_api: Api) -> None:
    changed = with_sockets(listening_api, init_seconds=0.2)
    async with served(changed) as gateway, connected(gateway) as client:
        await client.send({"type": "ping"})
        assert (await client.closed())[0] == 4408


@pytest.mark.parametrize("protocols", [(), ("graphql-ws",)])
async def test_another_subprotocol_closes_with_4406(gateway: Served, protocols: tuple[str, ...]) -> None:
    async with connected(gateway, protocols=protocols) as client:
        assert client.socket.protocol is None
        assert (await client.closed())[0] == 4406


async def test_a_connection_has_a_number_of_operations(listening_api: Api) -> None:
    changed = with_sockets(listening_api, operations=2)
    async with served(changed) as gateway, connected(gateway) as client:
        record = await gateway.engine.snapshot()
        await client.init()
        for id_ in "12":
            await client.subscribe(id_, WATCH, {"id": record.id})
            assert (await client.receive())["type"] == "next"
        await client.subscribe("3", WATCH, {"id": record.id})
        refused = await client.receive()
        assert (refused["id"], refused["type"]) == ("3", "error")
        assert refused["payload"][0]["extensions"]["code"] == "LIMIT_EXCEEDED"
        await client.send({"id": "1", "type": "complete"})
        await client.subscribe("3", WATCH, {"id": record.id})
        assert (await client.receive())["type"] == "next"


async def test_the_token_of_the_init_says_who_asks(listening_api: Api) -> None:
    class Api_(Api):  # noqa: N801 (the one of this test)
        async def principal_of(self, connection: HTTPConnection) -> Principal:
            if connection_parameters(connection).get("token") != "open sesame":
                raise RequestRefusedError(401, "The token is wrong.")
            return replace(LOCAL_PRINCIPAL, subject="ali")

    api = Api_(
        listening_api.services,
        listening_api.database,
        listening_api.channel,
        listening_api.states,
        listening_api.observer,
    )
    async with served(api) as gateway:
        async with connected(gateway) as client:
            await client.send({"type": "connection_init", "payload": {"token": "guess"}})
            assert await client.closed() == (4403, "The token is wrong.")
        async with connected(gateway) as client:
            await client.init({"token": "open sesame"})
            await client.subscribe("1", "{ viewer { subject } }")
            assert await client.results("1") == [{"data": {"viewer": {"subject": "ali"}}}]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1"])
async def test_a_page_of_another_origin_is_refused(gateway: Served, origin: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
        async with connected(gateway, headers={"Origin": origin}):
            pass
    assert caught.value.status == 403


async def test_pages_of_ours_and_of_named_origins_may_connect(listening_api: Api) -> None:
    changed = with_sockets(listening_api, allowed_origins=("https://App.example:443",))
    async with served(changed) as gateway:
        for origin in (gateway.url, "https://app.example"):
            async with connected(gateway, headers={"Origin": origin}) as client:
                await client.init()


async def test_1000_subscriptions_over_40_connections(gateway: Served, listening_api: Api) -> None:
    record = await gateway.engine.snapshot()
    async with asyncio.TaskGroup() as group:
        opened = asyncio.Semaphore(0)
        ends = [group.create_task(watch_many(gateway, record.id, 25, opened)) for _ in range(40)]
        for _ in ends:
            await asyncio.wait_for(opened.acquire(), FAULT_SECONDS)
        assert gateway.hub.watchers == 1000
        await gateway.engine.begin(record)
        await gateway.engine.finish(record)
    assert [state for end in ends for state in end.result()] == ["COMPLETED"] * 1000
    assert gateway.hub.watchers == 0


async def watch_many(gateway: Served, bulk_id: str, number: int, opened: asyncio.Semaphore) -> list[str]:
    """The last state that each of `number` subscriptions on one connection has seen."""
    last: dict[str, str] = {}
    done = 0
    async with connected(gateway) as client:
        await client.init()
        for id_ in range(number):
            await client.subscribe(str(id_), WATCH, {"id": bulk_id})
        async with asyncio.timeout(120):
            while done < number:
                message = json.loads((await client.socket.receive()).data)
                if message["type"] == "complete":
                    done += 1
                else:
                    new = message["id"] not in last
                    last[message["id"]] = message["payload"]["data"]["bulkSnapshotProgress"]["state"]
                    if new and len(last) == number:
                        opened.release()
    return list(last.values())


async def test_a_stop_closes_with_1001_and_does_not_wait(listening_api: Api) -> None:
    async with served(listening_api) as gateway, connected(gateway) as client:
        record = await gateway.engine.snapshot()
        await client.init()
        await client.subscribe("1", WATCH, {"id": record.id})
        await client.receive()
        stopping = asyncio.create_task(gateway.stop())
        assert await client.closed() == (1001, "The gateway is stopping.")
        await stopping


@pytest.fixture
def raw_sockets() -> Iterator[list[socket.socket]]:
    """Closed at the end."""
    sockets: list[socket.socket] = []
    yield sockets
    for one in sockets:
        one.close()


class RawSocket:
    """A client that reads only when told to, with as little room for what comes as the system allows."""

    def __init__(self, gateway: Served, sockets: list[socket.socket]) -> None:
        self.socket = socket.socket()
        sockets.append(self.socket)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.setblocking(False)  # noqa: FBT003 (socket's signature)
        self._address = urlsplit(gateway.url)
        self.got = b""

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self.socket, (self._address.hostname, self._address.port))
        lines = (
            "GET /graphql HTTP/1.1",
            f"Host: {self._address.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {base64.b64encode(b'0123456789abcdef').decode()}",
            "Sec-WebSocket-Version: 13",
            f"Sec-WebSocket-Protocol: {PROTOCOL}",
        )
        await loop.sock_sendall(self.socket, "\r\n".join((*lines, "", "")).encode())
        assert b"101 Switching Protocols" in await loop.sock_recv(self.socket, 4096)
        await self.send({"type": "connection_init"})

    async def send(self, message: object) -> None:
        text = json.dumps(message).encode()
        length = bytes([0x80 | len(text)]) if len(text) < 126 else b"\xfe" + len(text).to_bytes(2, "big")
        frame = b"\x81" + length + bytes(4) + text  # masked with zeros
        await asyncio.get_running_loop().sock_sendall(self.socket, frame)

    async def read_all(self) -> None:
        """Everything to the end of the connection."""
        loop = asyncio.get_running_loop()
        with suppress(ConnectionResetError):
            async with asyncio.timeout(FAULT_SECONDS):
                while part := await loop.sock_recv(self.socket, 65536):
                    self.got += part


async def stuff(client: RawSocket, number: int = 60) -> None:
    """Ask for far more than is read: `number` answers of some kilobytes each, padded by long aliases."""
    padding = "a" * 1500
    fields = " ".join(f"{padding}{index}: viewer {{ subject }}" for index in range(20))
    for id_ in range(number):
        await client.send({"id": str(id_), "type": "subscribe", "payload": {"query": f"{{ {fields} }}"}})


@asynccontextmanager
async def stuffing(client: RawSocket) -> AsyncIterator[None]:
    """Ask for it meanwhile: a server that is stuck reads no more questions, and one that has cut us off neither."""
    asking = asyncio.create_task(stuff(client))
    yield
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)


async def given_up(gateway: Served, timers: Timers) -> None:
    """Have the time be over in which the client had to read something, until the server has given it up."""
    (connection,) = cast("set[WebSocketProtocol]", gateway.server.server_state.connections)

    def told() -> bool:
        timers.elapse()  # some of it may still have gone to the system's buffers in that time: then it begins anew
        return connection.close_sent

    await until(told)


async def test_a_client_that_does_not_read_is_told_and_cut_off(
    listening_api: Api, raw_sockets: list[socket.socket]
) -> None:
    timers = Timers()
    async with served(listening_api, timers=timers, send_buffer=4096) as gateway:
        record = await gateway.engine.snapshot()
        client = RawSocket(gateway, raw_sockets)
        await client.open()
        await client.send({"id": "w", "type": "subscribe", "payload": {"query": WATCH, "variables": {"id": record.id}}})
        await until(lambda: gateway.hub.watchers == 1)
        async with stuffing(client):
            await given_up(gateway, timers)
            await until(lambda: gateway.hub.watchers == 0)
        reading = asyncio.create_task(client.read_all())
        close = (4413).to_bytes(2, "big") + b"Nothing was read for 15 s."
        await until(lambda: client.got.endswith(bytes([0x88, len(close)]) + close))
        timers.elapse()
        await reading
        assert client.got.endswith(close)
        assert len(client.got) < 400_000, "what was kept for it is bounded"


async def test_one_that_never_reads_again_does_not_outlive_that(
    listening_api: Api, raw_sockets: list[socket.socket]
) -> None:
    timers = Timers()
    async with served(listening_api, timers=timers, send_buffer=4096) as gateway:
        client = RawSocket(gateway, raw_sockets)
        await client.open()
        assert gateway.connections() == 1
        async with stuffing(client):
            await given_up(gateway, timers)
            assert gateway.connections() == 1
            timers.elapse()
            await until(lambda: gateway.connections() == 0)


async def test_one_that_does_not_read_does_not_hold_up_a_stop(
    listening_api: Api, raw_sockets: list[socket.socket]
) -> None:
    timers = Timers()
    async with served(listening_api, timers=timers, send_buffer=4096) as gateway:
        client = RawSocket(gateway, raw_sockets)
        await client.open()
        async with stuffing(client):
            await until(lambda: timers.waiting)
            await gateway.stop()
