"""One follower for each cluster of the catalogue, as the catalogue changes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import cast

from gateway.following.follower import Followed, Follower, KafkaUnreachableError
from gateway.following.followers import Followers
from gateway.following.kafka_consumer import Consumer
from gateway.following.supervision import ReportHealthy
from persistence.database.errors import DatabaseUnavailableError
from snapshots.engines.debezium.kafka import KafkaAccess
from tests.support.waiting import until

RUNNING: list["FakeFollower"] = []


class FakeFollower:
    def __init__(self, cluster_id: str, kafka: KafkaAccess, *_: object, make_consumer: object, **__: object) -> None:
        self.make_consumer = make_consumer
        self.cluster_id = cluster_id
        self.kafka = kafka
        self.topics: frozenset[str] = frozenset()

    async def run(self, report_healthy: ReportHealthy) -> None:
        if self.kafka.bootstrap == "broken":
            raise KafkaUnreachableError("away")
        RUNNING.append(self)
        report_healthy()
        try:
            await asyncio.Event().wait()
        finally:
            RUNNING.remove(self)


class Catalogue:
    """What the catalogue tells, and how often it was asked."""

    def __init__(self, wanted: Mapping[str, Followed]) -> None:
        self.wanted: Mapping[str, Followed] | Exception = wanted
        self.asked = 0

    async def __call__(self) -> Mapping[str, Followed]:
        self.asked += 1
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted


def make_followers(catalogue: Catalogue) -> Followers:
    """Followers of fakes, which ask the catalogue again and again without a rest."""
    make_follower = cast("Callable[..., Follower]", FakeFollower)
    return Followers(
        catalogue,
        nothing,
        nothing,
        group="test",
        attempts=2,
        make_consumer=no_consumer,
        refresh_seconds=0.0,
        make_follower=make_follower,
    )


def no_consumer(access: KafkaAccess, group: str) -> Consumer:
    raise AssertionError(access, group)


async def nothing(*_: object) -> None: ...


def following() -> dict[str, Followed]:
    return {follower.cluster_id: Followed(follower.kafka, follower.topics) for follower in RUNNING}


def on(bootstrap: str, *topics: str) -> Followed:
    return Followed(KafkaAccess(bootstrap), frozenset(topics))


async def test_followers_come_and_go_with_the_catalogue() -> None:
    catalogue = Catalogue({"1": on("a", "t")})
    followers = make_followers(catalogue)
    task = asyncio.create_task(followers.run(lambda: None))
    await until(lambda: following() == {"1": on("a", "t")})
    first = RUNNING[0]
    assert first.make_consumer is no_consumer
    catalogue.wanted = {"1": on("a", "t", "u"), "2": on("b", "v")}
    await until(lambda: following() == catalogue.wanted)
    assert RUNNING[0] is first  # more topics are no reason to leave the consumer group
    catalogue.wanted = {"2": on("b", "v")}
    await until(lambda: following() == {"2": on("b", "v")})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert RUNNING == []


async def test_clusters_on_one_kafka_are_followed_each_by_itself() -> None:
    catalogue = Catalogue({"1": on("kafka:9092", "t"), "2": on("kafka:9092", "t")})
    task = asyncio.create_task(make_followers(catalogue).run(lambda: None))
    await until(lambda: following() == catalogue.wanted)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_cluster_whose_kafka_has_moved_is_followed_there() -> None:
    catalogue = Catalogue({"1": on("a", "t")})
    task = asyncio.create_task(make_followers(catalogue).run(lambda: None))
    await until(lambda: following() == catalogue.wanted)
    catalogue.wanted = {"1": on("b", "t")}
    await until(lambda: following() == catalogue.wanted)
    assert len(RUNNING) == 1
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_database_that_is_away_stops_no_follower() -> None:
    catalogue = Catalogue({"1": on("a", "t")})
    task = asyncio.create_task(make_followers(catalogue).run(lambda: None))
    await until(lambda: "1" in following())
    catalogue.wanted = DatabaseUnavailableError("away")
    asked = catalogue.asked
    await until(lambda: catalogue.asked > asked + 3)
    assert "1" in following()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_wrong_is_told_by_kafka() -> None:
    followers = make_followers(Catalogue({"1": on("a", "t"), "2": on("broken", "t")}))
    task = asyncio.create_task(followers.run(lambda: None))
    await until(lambda: bool(followers.faults()))
    assert followers.faults() == {"broken": "away"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
