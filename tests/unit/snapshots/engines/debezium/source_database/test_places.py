"""Places at source databases: few at each, and none for a while at one that did not answer."""

import asyncio

import pytest

from snapshots.engines.debezium.source_database.places import Places


async def test_a_database_has_four_places_and_others_are_not_held_up() -> None:
    places, inside, leave = Places(), [], asyncio.Event()

    async def stay(reference: str) -> None:
        async with places.taken(reference, 60):
            inside.append(reference)
            await leave.wait()

    async with asyncio.TaskGroup() as group:
        for _ in range(6):
            group.create_task(stay("a"))
        group.create_task(stay("b"))
        for _ in range(5):
            await asyncio.sleep(0)
        assert sorted(inside) == ["a", "a", "a", "a", "b"]
        leave.set()
    assert inside.count("a") == 6


async def test_a_database_that_did_not_answer_is_away_for_a_while() -> None:
    now = 0.0
    places = Places(away_seconds=10, now=lambda: now)
    with pytest.raises(TimeoutError):
        async with places.taken("a", 0):
            await asyncio.Event().wait()
    now = 9.9
    with pytest.raises(TimeoutError):
        await places.taken("a", 60).__aenter__()
    async with places.taken("b", 60):
        pass
    now = 10.0
    async with places.taken("a", 60):
        pass
