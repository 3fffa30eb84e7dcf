"""Following one Kafka, with a consumer that tells what it was asked."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import orjson
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import CommitFailedError, KafkaConnectionError

from gateway.following.careful_apply import CarefulApply
from gateway.following.follower import Follower, KafkaUnreachableError
from gateway.following.kafka_consumer import Records
from persistence.database.errors import DatabaseUnavailableError
from snapshots.engines.debezium.kafka import KafkaAccess
from snapshots.following.dead_letters import DeadLetter
from snapshots.following.notifications import Notification
from tests.support.waiting import FAULT_SECONDS


@dataclass
class FakeRecord:
    topic: str
    offset: int
    value: bytes | None
    partition: int = 0
    timestamp: int = 1_000
    key: bytes | None = None
    headers: Sequence[tuple[str, object]] = ()


@dataclass
class FakeConsumer:
    existing: set[str]
    batches: list[list[FakeRecord]] = field(default_factory=list)
    start_error: Exception | None = None
    commit_error: Exception | None = None
    subscribed: list[list[str]] = field(default_factory=list)
    committed: list[dict[TopicPartition, int]] = field(default_factory=list)
    stopped: bool = False
    looks: int = 0

    async def start(self) -> None:
        if self.start_error:
            raise self.start_error

    async def stop(self) -> None:
        self.stopped = True

    async def topics(self) -> set[str]:
        self.looks += 1
        return self.existing

    def subscribe(self, *, topics: list[str]) -> None:
        self.subscribed.append(topics)

    def unsubscribe(self) -> None:
        self.subscribed.append([])

    async def getmany(self, *, timeout_ms: int) -> Records:
        await asyncio.sleep(0)
        records: dict[TopicPartition, list[FakeRecord]] = {}
        for record in self.batches.pop(0) if self.batches else []:
            records.setdefault(TopicPartition(record.topic, record.partition), []).append(record)
        return records

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        self.committed.append(offsets)
        if self.commit_error:
            raise self.commit_error


NO_PAUSES = {"pause_seconds": 0.0, "look_seconds": 0.0}


def started(offset: int, topic: str = "shop.notifications", *, partition: int = 0, at_ms: int = 1_000) -> FakeRecord:
    value = {
        "id": f"sig_{offset}",
        "type": "STARTED",
        "aggregate_type": "Incremental Snapshot",
        "additional_data": {"connector_name": "shop", "data_collections": "public.orders"},
    }
    return FakeRecord(topic, offset, orjson.dumps(value), partition, at_ms)


class Recorder:
    """Takes notifications; raises `errors`, one for each call, first."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.calls: list[tuple[str, list[str]]] = []

    async def __call__(self, cluster_id: str, notifications: Sequence[Notification]) -> None:
        ids = [notification.id for notification in notifications]
        self.calls.append((cluster_id, ids))
        if self.errors:
            raise self.errors.pop(0)


def careful(apply: Recorder) -> CarefulApply:
    """Applies by `apply`, without rests."""
    return CarefulApply("clu_1", apply, nobody, attempts=2, pause=no_pause)


async def nobody(letter: DeadLetter) -> None:
    raise AssertionError(letter)


async def no_pause(seconds: float) -> None: ...


async def follow(
    consumer: FakeConsumer, apply: Recorder | CarefulApply, topics: frozenset[str], until: Callable[[], bool]
) -> Follower:
    handing_on = apply if isinstance(apply, CarefulApply) else careful(apply)
    follower = Follower(
        "clu_1", KafkaAccess("kafka:9092"), handing_on, group="test", make_consumer=lambda *_: consumer, **NO_PAUSES
    )
    follower.topics = topics
    task = asyncio.create_task(follower.run(lambda: None))
    async with asyncio.timeout(FAULT_SECONDS):
        while not until() and not task.done():  # noqa: ASYNC110 - the follower tells nobody
            await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert consumer.stopped
    if not task.cancelled() and (error := task.exception()):
        raise error
    return follower


SHOP = frozenset({"shop.notifications"})


async def test_offsets_are_committed_after_the_ledger_has_the_notifications() -> None:
    consumer = FakeConsumer({"shop.notifications"}, [[started(4), FakeRecord("shop.notifications", 5, b"junk")]])
    apply = Recorder()
    await follow(consumer, apply, SHOP, lambda: bool(consumer.committed))
    assert apply.calls == [("clu_1", ["sig_4"])]
    assert consumer.committed == [{TopicPartition("shop.notifications", 0): 6}]


async def test_partitions_are_merged_by_time_and_each_keeps_its_order() -> None:
    """A batch that is taken apart is applied in parts: each part has to be of one time, not of one partition."""
    batch = [
        started(1, at_ms=10),
        started(2, at_ms=40),
        started(3, at_ms=5),  # by a clock that was set back
        started(11, partition=1, at_ms=20),
        started(12, partition=1, at_ms=50),
    ]
    apply = Recorder()
    consumer = FakeConsumer({"shop.notifications"}, [batch])
    await follow(consumer, apply, SHOP, lambda: bool(consumer.committed))
    assert apply.calls == [("clu_1", ["sig_1", "sig_11", "sig_2", "sig_3", "sig_12"])]


async def test_nothing_is_committed_while_the_database_is_away() -> None:
    consumer = FakeConsumer({"shop.notifications"}, [[started(4)]])
    with pytest.raises(DatabaseUnavailableError):
        await follow(consumer, Recorder(DatabaseUnavailableError("away")), SHOP, lambda: False)
    assert consumer.committed == []


async def test_topics_that_do_not_exist_are_looked_for_and_not_subscribed_to() -> None:
    consumer = FakeConsumer(set())
    await follow(consumer, Recorder(), SHOP, lambda: consumer.looks > 2)
    assert consumer.subscribed == []
    consumer = FakeConsumer({"shop.notifications", "other"})
    await follow(consumer, Recorder(), SHOP | {"late"}, lambda: bool(consumer.subscribed))
    assert consumer.subscribed == [["shop.notifications"]]


async def test_clusters_that_share_a_topic_have_a_consumer_group_each() -> None:
    """In one group each would miss what the other got."""
    made: list[tuple[str, str]] = []

    def make(kafka: KafkaAccess, group: str) -> FakeConsumer:
        made.append((kafka.bootstrap, group))
        return FakeConsumer(set(), start_error=KafkaConnectionError("refused"))

    for cluster_id, bootstrap in [("clu_1", "kafka:9092"), ("clu_2", "broker-1:9092,broker-2:9092")]:
        follower = Follower(
            cluster_id, KafkaAccess(bootstrap), careful(Recorder()), group="ours", make_consumer=make, **NO_PAUSES
        )
        with pytest.raises(KafkaUnreachableError):
            await follower.run(lambda: None)

    assert made == [("kafka:9092", "ours-clu_1"), ("broker-1:9092,broker-2:9092", "ours-clu_2")]


async def test_a_passing_stumble_loses_nothing() -> None:
    consumer = FakeConsumer({"shop.notifications"}, [[started(1), started(2)]])
    apply = Recorder(ValueError("once"))
    await follow(consumer, apply, SHOP, lambda: bool(consumer.committed))
    assert apply.calls == [("clu_1", ["sig_1", "sig_2"])] * 2


async def test_one_that_was_set_aside_is_committed_as_the_others_are() -> None:
    consumer = FakeConsumer({"shop.notifications"}, [[started(1)]])
    letters: list[DeadLetter] = []

    async def keep(letter: DeadLetter) -> None:
        letters.append(letter)

    apply = Recorder(ValueError("stumbled"), ValueError("stumbled"))
    handing_on = CarefulApply("clu_1", apply, keep, attempts=2, pause=no_pause)
    await follow(consumer, handing_on, SHOP, lambda: bool(consumer.committed))
    assert consumer.committed == [{TopicPartition("shop.notifications", 0): 2}]
    assert [(letter.place, letter.record.value) for letter in letters] == [
        ("shop.notifications/0@1", (started(1).value or b"").decode())
    ]


async def test_a_commit_that_fails_is_no_fault() -> None:
    consumer = FakeConsumer({"shop.notifications"}, [[started(1)], [started(2)]], commit_error=CommitFailedError())
    await follow(consumer, Recorder(), SHOP, lambda: len(consumer.committed) == 2)


async def test_brokers_that_do_not_answer_are_a_fault_with_a_sentence() -> None:
    consumer = FakeConsumer(set(), start_error=KafkaConnectionError("refused"))
    with pytest.raises(KafkaUnreachableError, match=r"kafka:9092 cannot be followed: .*refused"):
        await follow(consumer, Recorder(), SHOP, lambda: False)
