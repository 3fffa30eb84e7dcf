"""Appending once: which answers of a broker are certain, and which leave it open."""

from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import errors
from aiokafka.protocol.metadata import MetadataRequest, MetadataResponse_v1
from aiokafka.protocol.produce import ProduceRequest

from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.signal_channels.single_append import SingleAppends
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.vocabulary import SnapshotErrorCode

NO_ERROR, UNKNOWN_TOPIC, NO_LEADER, NOT_AUTHORIZED = 0, 3, 5, 29


class Cluster:
    def brokers(self) -> list[object]:
        return [SimpleNamespace(nodeId=1), SimpleNamespace(nodeId=2)]

    def update_metadata(self, response: object) -> None:
        pass


class Broker:
    """Stands for aiokafka's client; answers as it is told."""

    def __init__(self) -> None:
        self.cluster = Cluster()
        self.topic_error = NO_ERROR
        self.leader = 1
        self.produced: errors.KafkaError | tuple[int, int] = (NO_ERROR, 17)
        self.silent: set[int] = set()
        self.sent: list[int] = []
        self.closed = False

    async def bootstrap(self) -> None:
        pass

    async def close(self) -> None:
        self.closed = True

    async def send(self, node_id: int, request: object) -> Any:  # noqa: ANN401 - as aiokafka's
        if isinstance(request, MetadataRequest):
            if node_id in self.silent:
                raise errors.NodeNotReadyError
            partitions = [] if self.topic_error else [(NO_ERROR, 0, self.leader, [1], [1])]
            topics = [(self.topic_error, "signals", False, partitions)]
            return MetadataResponse_v1(brokers=[(1, "b", 1, None)], controller_id=1, topics=topics)
        assert isinstance(request, ProduceRequest)
        assert request.required_acks == -1
        self.sent.append(node_id)
        if isinstance(self.produced, errors.KafkaError):
            raise self.produced
        return SimpleNamespace(topics=[("signals", [(0, *self.produced, -1)])])


class Clients(KafkaClients):
    """Makes one client: the broker itself."""

    def __init__(self, broker: Broker) -> None:
        self.broker = broker

    def client(self, access: KafkaAccess, *, timeout_seconds: float, brokers_max_age_seconds: float = 0.0) -> Broker:
        return self.broker


KAFKA = KafkaAccess("kafka:9092")


@pytest.fixture
def broker() -> Broker:
    return Broker()


async def append(broker: Broker) -> int:
    appends = SingleAppends(Clients(broker))
    try:
        return await appends.append(KAFKA, "signals", key=b"shop", value=b"{}")
    finally:
        await appends.close()


async def test_an_appended_record_has_an_offset(broker: Broker) -> None:
    assert await append(broker) == 17
    assert broker.sent == [1]
    assert broker.closed


async def test_another_broker_may_know_the_leader(broker: Broker) -> None:
    broker.silent = {1}
    broker.leader = 2
    assert await append(broker) == 17
    assert broker.sent == [2]


@pytest.mark.parametrize(
    ("answer", "code", "retryable"),
    [
        (errors.NotLeaderForPartitionError, SnapshotErrorCode.CHANNEL_UNAVAILABLE, True),
        (errors.NotEnoughReplicasError, SnapshotErrorCode.CHANNEL_UNAVAILABLE, True),
        (errors.MessageSizeTooLargeError, SnapshotErrorCode.SIGNAL_REJECTED, False),
        (errors.TopicAuthorizationFailedError, SnapshotErrorCode.SIGNAL_REJECTED, False),
    ],
)
async def test_a_broker_that_refuses_has_appended_nothing(
    broker: Broker, answer: type[errors.BrokerResponseError], code: SnapshotErrorCode, *, retryable: bool
) -> None:
    broker.produced = (answer.errno, -1)
    with pytest.raises(SourceError, match=answer.__name__) as caught:
        await append(broker)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)


@pytest.mark.parametrize(
    "answer",
    [
        errors.RequestTimedOutError,
        errors.NotEnoughReplicasAfterAppendError,
        errors.UnknownError,
        errors.KafkaStorageError,
    ],
)
async def test_other_answers_leave_it_open(broker: Broker, answer: type[errors.BrokerResponseError]) -> None:
    broker.produced = (answer.errno, -1)
    with pytest.raises(UnconfirmedError, match=answer.__name__):
        await append(broker)


@pytest.mark.parametrize("error", [errors.KafkaConnectionError(), errors.RequestTimedOutError()])
async def test_a_request_without_an_answer_is_sent_once(broker: Broker, error: errors.KafkaError) -> None:
    broker.produced = error
    with pytest.raises(UnconfirmedError):
        await append(broker)
    assert len(broker.sent) == 1


async def test_a_leader_that_cannot_be_reached_has_got_nothing(broker: Broker) -> None:
    broker.produced = errors.NodeNotReadyError()
    with pytest.raises(SourceError) as caught:
        await append(broker)
    assert caught.value.retryable


@pytest.mark.parametrize(
    ("topic_error", "leader", "words", "retryable"),
    [
        (UNKNOWN_TOPIC, 1, "Kafka has no topic signals", False),
        (NOT_AUTHORIZED, 1, "TopicAuthorizationFailedError", False),
        (NO_ERROR, -1, "LeaderNotAvailableError", True),
    ],
)
async def test_a_topic_that_takes_no_record(
    broker: Broker, topic_error: int, leader: int, words: str, *, retryable: bool
) -> None:
    broker.topic_error, broker.leader = topic_error, leader
    with pytest.raises(SourceError, match=words) as caught:
        await append(broker)
    assert caught.value.retryable is retryable
    assert not broker.sent


async def test_a_cluster_without_brokers_is_looked_for_anew(broker: Broker) -> None:
    broker.silent = {1, 2}
    appends = SingleAppends(Clients(broker))
    with pytest.raises(SourceError, match="None of the cluster's Kafka brokers answers"):
        await appends.append(KAFKA, "signals", key=b"shop", value=b"{}")
    broker.silent = set()
    assert await appends.append(KAFKA, "signals", key=b"shop", value=b"{}") == 17
    assert broker.closed
    await appends.close()
