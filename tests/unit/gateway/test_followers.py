"""One follower for each Kafka that the catalogue names, as the catalogue changes."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from gateway.following import followers as module
from gateway.following.follower import KafkaUnreachableError, Topics
from gateway.following.followers import Followers
from gateway.following.supervision import Well
from persistence.errors import DatabaseUnavailableError

RUNNING: list["FakeFollower"] = []


class FakeFollower:
    def __init__(self, bootstrap: str, *_: object, **__: object) -> None:
        self.bootstrap = bootstrap
        self.topics: Topics = {}

    async def run(self, well: Well) -> None:
        if self.bootstrap == "broken":
            raise KafkaUnreachableError("away")
        RUNNING.append(self)
        well()
        try:
            await asyncio.Event().wait()
        finally:
            RUNNING.remove(self)


class Catalogue:
    """What the catalogue tells, and how often it was asked."""

    def __init__(self, wanted: Mapping[str, Topics]) -> None:
        self.wanted: Mapping[str, Topics] | Exception = wanted
        self.asked = 0

    async def __call__(self) -> Mapping[str, Topics]:
        self.asked += 1
        if isinstance(self.wanted, Exception):
            raise self.wanted
        return self.wanted


@pytest.fixture(autouse=True)
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Follower", FakeFollower)
    monkeypatch.setattr(module, "_REFRESH_SECONDS", 0.0)


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0)


async def nothing(*_: object) -> None: ...


def following() -> dict[str, Topics]:
    return {follower.bootstrap: follower.topics for follower in RUNNING}


async def test_followers_come_and_go_with_the_catalogue() -> None:
    catalogue = Catalogue({"a": {"t": ("1",)}})
    followers = Followers(catalogue, nothing, group="test")
    task = asyncio.create_task(followers.run(lambda: None))
    await until(lambda: following() == {"a": {"t": ("1",)}})
    first = RUNNING[0]
    catalogue.wanted = {"a": {"t": ("1",), "u": ("1",)}, "b": {"v": ("2",)}}
    await until(lambda: following() == catalogue.wanted)
    assert RUNNING[0] is first  # more topics are no reason to leave the consumer group
    catalogue.wanted = {"b": {"v": ("2",)}}
    await until(lambda: following() == {"b": {"v": ("2",)}})
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert RUNNING == []


async def test_a_database_that_is_away_stops_no_follower() -> None:
    catalogue = Catalogue({"a": {"t": ("1",)}})
    task = asyncio.create_task(Followers(catalogue, nothing, group="test").run(lambda: None))
    await until(lambda: "a" in following())
    catalogue.wanted = DatabaseUnavailableError("away")
    asked = catalogue.asked
    await until(lambda: catalogue.asked > asked + 3)
    assert "a" in following()
    assert not task.done()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_what_is_wrong_is_told_by_kafka() -> None:
    followers = Followers(Catalogue({"a": {"t": ("1",)}, "broken": {"t": ("1",)}}), nothing, group="test")
    task = asyncio.create_task(followers.run(lambda: None))
    await until(lambda: bool(followers.faults()))
    assert followers.faults() == {"broken": "away"}
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
