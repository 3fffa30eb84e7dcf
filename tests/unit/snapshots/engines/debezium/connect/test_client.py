"""Kafka Connect's REST API, and the ways in which it answers something else."""

from base64 import b64decode
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from snapshots.engines.debezium.connect.client import ConnectClient, ConnectorInfo
from snapshots.errors import ClusterUnreachableError
from snapshots.vocabulary import ConnectorKind, ConnectorState
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets, Worker, error, expanded, html

LISTING = "/connectors?expand=status&expand=info"


@pytest.fixture
async def client(session: aiohttp.ClientSession) -> ConnectClient:
    return ConnectClient(session, NoSecrets(), timeout_seconds=2, jitter=lambda: 0.0)


async def test_connectors_are_read_with_their_states(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json(
        LISTING,
        {
            "b-sink": expanded(kind="sink", connector__class="example.Sink"),
            "a-source": expanded(connector__class="io.debezium.connector.mysql.MySqlConnector", topic__prefix="a"),
        },
    )
    source, sink = await client.connectors(worker.cluster)
    assert (source.name, source.kind, source.state) == ("a-source", ConnectorKind.SOURCE, ConnectorState.RUNNING)
    assert (source.connector_class, source.version) == ("io.debezium.connector.mysql.MySqlConnector", "3.6.3.Final")
    assert source.config["topic.prefix"] == "a"
    assert (sink.name, sink.kind) == ("b-sink", ConnectorKind.SINK)


@pytest.mark.parametrize(
    ("connector", "tasks", "state"),
    [
        ("RUNNING", ["RUNNING"], ConnectorState.RUNNING),
        ("RUNNING", ["RUNNING", "FAILED"], ConnectorState.FAILED),
        ("FAILED", ["RUNNING"], ConnectorState.FAILED),
        ("PAUSED", ["PAUSED"], ConnectorState.PAUSED),
        ("RUNNING", ["UNASSIGNED"], ConnectorState.UNASSIGNED),
        ("RESTARTING", ["RUNNING"], ConnectorState.RESTARTING),
        ("STOPPED", ["RUNNING"], ConnectorState.STOPPED),
        ("RUNNING", ["DESTROYED"], ConnectorState.UNKNOWN),
    ],
)
async def test_the_worst_state_counts(
    client: ConnectClient, worker: Worker, connector: str, tasks: list[str], state: ConnectorState
) -> None:
    worker.answer_json(LISTING, {"a": expanded(connector, *tasks)})
    assert [info.state for info in await client.connectors(worker.cluster)] == [state]


async def test_a_connector_without_tasks_is_not_running_yet(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json(LISTING, {"a": {**expanded(), "status": {"connector": {"state": "RUNNING"}, "tasks": []}}})
    assert [info.state for info in await client.connectors(worker.cluster)] == [ConnectorState.UNASSIGNED]


async def test_a_trace_is_its_first_line(client: ConnectClient, worker: Worker) -> None:
    task = {"id": 0, "state": "FAILED", "trace": "ConnectException: lost\n\tat a.b.C(D.java:1)\n\tpassword=hunter2"}
    worker.answer_json(LISTING, {"a": {"status": {"connector": {"state": "RUNNING"}, "tasks": [task]}, "info": {}}})
    assert [info.trace for info in await client.connectors(worker.cluster)] == ["ConnectException: lost"]


@pytest.mark.parametrize("value", [{}, {"a": None}, {"a": {"status": 5, "info": {"config": []}}}])
async def test_answers_of_another_shape_are_survived(client: ConnectClient, worker: Worker, value: object) -> None:
    worker.answer_json(LISTING, value)
    assert all(info.state is ConnectorState.UNKNOWN for info in await client.connectors(worker.cluster))


@pytest.mark.parametrize("value", [[], "x", None])
async def test_an_answer_that_is_no_listing_is_not_an_empty_one(
    client: ConnectClient, worker: Worker, value: object
) -> None:
    for path, ask in ((LISTING, client.connectors), ("/connectors", client.connector_names)):
        worker.answer_json(path, {"error": 5} if path == "/connectors" else value)
        with pytest.raises(ClusterUnreachableError, match="its answer has another shape"):
            await ask(worker.cluster)
    worker.answer_json("/connector-plugins", {})
    with pytest.raises(ClusterUnreachableError, match="its answer has another shape"):
        await client.plugin_versions(worker.cluster)
    told: tuple[object, ...] = ({}, {"a": {}}, {"a": {"topics": None}}, {"b": {"topics": []}})
    for topics in told:
        worker.answer_json("/connectors/a/topics", topics)
        with pytest.raises(ClusterUnreachableError, match="its answer has another shape"):
            await client.connector_topics(worker.cluster, "a")


async def test_what_is_left_out_is_told(client: ConnectClient, worker: Worker) -> None:
    whole = expanded(connector__class="x")
    listing = {
        "a": whole,
        "b": {"status": whole["status"]},
        "c": {"info": whole["info"]},
        "d": {},
        "e": {**whole, "info": {"config": {}}},
    }
    worker.answer_json(LISTING, listing)
    found = {info.name: (set(info.left_out), info.is_described) for info in await client.connectors(worker.cluster)}
    assert found == {
        "a": (set(), True),
        "b": ({"config"}, False),
        "c": ({"state"}, True),
        "d": ({"kind", "config", "state"}, False),
        "e": ({"config"}, False),
    }
    assert ConnectorInfo.named("d").left_out == {"kind", "config", "state"}


async def test_names_are_asked_by_themselves(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json("/connectors", ["b", "a"])
    assert await client.connector_names(worker.cluster) == ["a", "b"]


async def test_the_configuration_stays_out_of_sight(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json(LISTING, {"a": expanded(database__password="hunter2")})
    assert "hunter2" not in repr(await client.connectors(worker.cluster))


@pytest.mark.parametrize("answer", [lambda: error(409, "rebalance"), html], ids=["rebalance", "just started"])
async def test_what_passes_is_waited_for(client: ConnectClient, worker: Worker, answer: object) -> None:
    assert callable(answer)
    worker.answer(LISTING, answer, answer, lambda: web.json_response({"a": expanded()}))
    assert len(await client.connectors(worker.cluster)) == 1
    assert len(worker.requests) == 3


async def test_what_does_not_pass_ends_at_the_deadline(session: aiohttp.ClientSession, worker: Worker) -> None:
    worker.answer(LISTING, lambda: error(409))
    hasty = ConnectClient(session, NoSecrets(), timeout_seconds=0.3)
    with pytest.raises(
        ClusterUnreachableError, match=r"^Kafka Connect of cluster prod cannot be asked: it answered 409"
    ):
        await hasty.connectors(worker.cluster)
    assert len(worker.requests) > 1


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(lambda: error(401), "it answered 401", id="refused"),
        pytest.param(lambda: error(500), "it answered 500", id="broken"),
        pytest.param(lambda: error(404), "it answered 404", id="unknown path"),
        pytest.param(
            lambda: web.Response(status=302, headers={"Location": "http://elsewhere.example/"}),
            "it answered 302",
            id="redirected",
        ),
        pytest.param(lambda: web.Response(text="<html>"), "its answer is no JSON", id="a page"),
        pytest.param(
            lambda: web.Response(body=b"{", content_type="application/json"),
            "its answer is no JSON",
            id="half an answer",
        ),
    ],
)
async def test_other_answers_are_final(client: ConnectClient, worker: Worker, answer: object, reason: str) -> None:
    assert callable(answer)
    worker.answer(LISTING, answer)
    with pytest.raises(ClusterUnreachableError, match=f"cannot be asked: {reason}"):
        await client.connectors(worker.cluster)
    assert len(worker.requests) == 1


async def test_an_endless_answer_is_not_read_to_its_end(session: aiohttp.ClientSession, worker: Worker) -> None:
    client = ConnectClient(session, NoSecrets(), most_bytes=1000)
    worker.answer_json(LISTING, {"a": expanded(filler="x" * 2000)})
    with pytest.raises(ClusterUnreachableError, match="ClientPayloadError"):
        await client.connectors(worker.cluster)


async def test_a_worker_that_is_not_there(client: ConnectClient, worker: Worker) -> None:
    gone = replace(worker.cluster, connect_url="http://user:hunter2@127.0.0.1:1")
    with pytest.raises(ClusterUnreachableError, match="ClientConnectorError") as caught:
        await client.connectors(gone)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("url", [None, "", "nonsense", "http://[broken"])
async def test_a_url_that_is_none(client: ConnectClient, worker: Worker, url: str | None) -> None:
    with pytest.raises(ClusterUnreachableError):
        await client.connectors(replace(worker.cluster, connect_url=url))


async def test_credentials_come_from_the_reference(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json(LISTING, {})
    await client.connectors(replace(worker.cluster, auth_ref="env:KNOWN"))
    scheme, _, credentials = worker.requests[0].headers["Authorization"].partition(" ")
    assert (scheme, b64decode(credentials).decode()) == ("Basic", "reader:pässword:with:colons")


async def test_a_reference_that_leads_nowhere_is_told(client: ConnectClient, worker: Worker) -> None:
    with pytest.raises(ClusterUnreachableError, match="env:NOWHERE is not set"):
        await client.connectors(replace(worker.cluster, auth_ref="env:NOWHERE"))
    assert not worker.requests


async def test_the_topics_of_a_connector(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json("/connectors/a%2Fb%20c/topics", {"a/b c": {"topics": ["t2", "t1"]}})
    assert await client.connector_topics(worker.cluster, "a/b c") == ["t1", "t2"]


async def test_topics_that_are_not_tracked(client: ConnectClient, worker: Worker) -> None:
    worker.answer("/connectors/a/topics", lambda: error(403, "Topic tracking is disabled."))
    assert await client.connector_topics(worker.cluster, "a") is None


async def test_the_versions_of_the_plugins(client: ConnectClient, worker: Worker) -> None:
    worker.answer_json("/connector-plugins", [{"class": "a.B", "version": "1.2"}, {"class": "c.D"}, 7])
    assert await client.plugin_versions(worker.cluster) == {"a.B": "1.2"}
