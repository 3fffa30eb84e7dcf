"""The signal topic on a real broker (Tansu, not Apache Kafka), and what can be wrong with it."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from sandbox.stack import Sandbox
from snapshots.engines.debezium.catalog.kafka_topics import list_topics
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.signal_channels.signal_topic import FENCE_KEY, SignalTopicChannel
from snapshots.engines.debezium.signal_channels.single_append import SingleAppends
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Presence
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import SnapshotErrorCode
from tests.contract.conftest import CuttingProxy, make_id, read_topic, signal, topic_source


@pytest.fixture
async def source(sandbox: Sandbox) -> SourceConnector:
    topic = make_id("topic-signal")
    await sandbox.broker.create_topics([topic])
    return topic_source(sandbox.broker.bootstrap, topic)


@pytest.fixture
async def channel() -> AsyncIterator[SignalTopicChannel]:
    opened = SignalTopicChannel(KafkaClients())
    yield opened
    await opened.close()


async def test_the_record_is_what_debezium_reads(
    sandbox: Sandbox, source: SourceConnector, channel: SignalTopicChannel
) -> None:
    sent = OutgoingSignal("sig_1", "execute-snapshot", '{"data-collections":["public.a"],"type":"INCREMENTAL"}')
    receipt = await channel.send(source, sent)
    assert source.signal_topic is not None
    assert receipt.destination == f"{source.signal_topic}/0@0"
    assert await read_topic(sandbox.broker.bootstrap, source.signal_topic, until="sig_1") == [
        (
            b"contract",
            {
                "id": "sig_1",
                "type": "execute-snapshot",
                "data": {"data-collections": ["public.a"], "type": "INCREMENTAL"},
            },
        )
    ]


async def test_a_fence_is_a_signal_that_concerns_nobody(
    sandbox: Sandbox, source: SourceConnector, channel: SignalTopicChannel
) -> None:
    assert await channel.find(source, signal()) is Presence.ABSENT
    last = signal()
    await channel.send(source, last)
    assert source.signal_topic is not None
    (key, fence), _ = await read_topic(sandbox.broker.bootstrap, source.signal_topic, until=last.id)
    assert key == FENCE_KEY
    assert fence["data"] == {}


@pytest.mark.parametrize("data", ["[]", '"text"', "null", "", "{", "1"])
async def test_data_that_would_wedge_debezium_is_never_sent(
    source: SourceConnector, channel: SignalTopicChannel, data: str
) -> None:
    with pytest.raises(SourceError) as caught:
        await channel.send(source, OutgoingSignal("sig_1", "execute-snapshot", data))
    assert (caught.value.code, caught.value.retryable) == (SnapshotErrorCode.SIGNAL_REJECTED, False)


async def test_an_unknown_topic_is_refused_and_not_created(
    source: SourceConnector, channel: SignalTopicChannel
) -> None:
    unknown = replace(source, signal_topic=make_id("nothing"))
    for _ in range(2):
        with pytest.raises(SourceError, match="Kafka has no topic") as caught:
            await channel.send(unknown, signal())
        assert caught.value.code is SnapshotErrorCode.CHANNEL_UNAVAILABLE
    assert await channel.find(unknown, signal()) is Presence.UNKNOWN


@pytest.mark.parametrize("missing", ["signal_topic", "topic_prefix", "cluster"])
async def test_a_source_that_is_not_set_up_for_it(
    source: SourceConnector, channel: SignalTopicChannel, missing: str
) -> None:
    changed = {
        "signal_topic": replace(source, signal_topic=None),
        "topic_prefix": replace(source, topic_prefix=None),
        "cluster": replace(source, cluster=Cluster("c", "c", None, None)),
    }[missing]
    with pytest.raises(SourceError) as caught:
        await channel.send(changed, signal())
    assert (caught.value.code, caught.value.retryable) == (SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, False)


@pytest.mark.parametrize("deliver", [True, False], ids=["answer lost", "request lost"])
async def test_a_connection_that_breaks_while_sending_doubles_nothing(
    sandbox: Sandbox, source: SourceConnector, channel: SignalTopicChannel, *, deliver: bool
) -> None:
    sent = signal()
    host, _, port = sandbox.broker.bootstrap.partition(":")
    async with CuttingProxy(host, int(port), marker=sent.id.encode(), deliver=deliver) as proxy:
        through = SignalTopicChannel(KafkaClients())
        there = replace(source, cluster=Cluster("p", "p", None, f"127.0.0.1:{proxy.port}"))
        with pytest.raises(UnconfirmedError):
            await through.send(there, sent)
        await asyncio.sleep(0.5)  # longer than aiokafka's producer waits before it sends again
        assert proxy.cuts == 1
        await through.send(there, signal())
    for _ in range(2):  # by the connection it has, and by a new one
        with pytest.raises(SourceError) as caught:
            await through.send(there, signal())
        assert caught.value.retryable
    await through.close()
    assert await channel.find(source, sent) is (Presence.PRESENT if deliver else Presence.ABSENT)
    end = signal()
    await channel.send(source, end)
    assert source.signal_topic is not None
    records = await read_topic(sandbox.broker.bootstrap, source.signal_topic, until=end.id)
    assert [value["id"] for _, value in records].count(sent.id) == int(deliver)


async def test_a_connection_that_hangs_is_given_up(sandbox: Sandbox, source: SourceConnector) -> None:
    host, _, port = sandbox.broker.bootstrap.partition(":")
    async with CuttingProxy(host, int(port), marker=b"no such thing", deliver=True) as proxy:
        channel = SignalTopicChannel(KafkaClients(), SingleAppends(KafkaClients(), timeout_seconds=0.5))
        there = replace(source, cluster=Cluster("p", "p", None, f"127.0.0.1:{proxy.port}"))
        await channel.send(there, signal())
        proxy.frozen = True
        with pytest.raises(SourceError, match=r"did not answer within 0\.5 s"):
            await channel.send(there, signal())
        proxy.frozen = False
        await channel.send(there, signal())
        await channel.close()


async def test_a_broker_that_says_nothing_has_for_certain_not_got_it(source: SourceConnector) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(say_nothing, "127.0.0.1", 0)
    mute = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
    channel = SignalTopicChannel(
        KafkaClients(), SingleAppends(KafkaClients(), timeout_seconds=0.3), find_timeout_seconds=0.5
    )
    there = replace(source, cluster=Cluster("m", "m", None, mute))
    sends = (channel.send(there, signal()) for _ in range(10))
    outcomes = await asyncio.gather(*sends, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {SourceError}
    assert await channel.find(there, signal()) is Presence.UNKNOWN
    await channel.close()
    server.close()
    await server.wait_closed()


async def test_the_topics_of_a_kafka_are_listed(sandbox: Sandbox, source: SourceConnector) -> None:
    found = await list_topics(KafkaClients(), KafkaAccess(sandbox.broker.bootstrap))
    assert isinstance(found, frozenset)
    assert source.signal_topic in found


@pytest.mark.parametrize(
    ("bootstrap", "reason"), [("127.0.0.1:1", "KafkaConnectionError"), ("127.0.0.1:no-port", "ValueError")]
)
async def test_a_kafka_that_does_not_tell_its_topics_is_not_one_without_any(bootstrap: str, reason: str) -> None:
    assert await list_topics(KafkaClients(), KafkaAccess(bootstrap)) == Unknown(
        f"Kafka did not list its topics ({reason})."
    )


async def test_records_of_others_do_no_harm_to_the_search(
    sandbox: Sandbox, source: SourceConnector, channel: SignalTopicChannel
) -> None:
    appends = SingleAppends(KafkaClients())
    assert source.signal_topic is not None
    for value in (b"", b"{", b"[]", json.dumps({"id": 5}).encode()):
        await appends.append(KafkaAccess(sandbox.broker.bootstrap), source.signal_topic, key=b"other", value=value)
    await appends.close()
    sent = signal()
    assert await channel.find(source, sent) is Presence.ABSENT
    await channel.send(source, sent)
    assert await channel.find(source, sent) is Presence.PRESENT
