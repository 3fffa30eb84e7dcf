"""A subscriber is told what is new for it: the first answer, each that differs, and the last."""

from collections.abc import AsyncGenerator

import pytest
from graphql import GraphQLError
from strawberry.types import ExecutionResult

from gateway.graphql.repeats import without_repeats


def result(state: str) -> ExecutionResult:
    return ExecutionResult(data={"progress": {"state": state}}, errors=None)


async def shown(*states: str) -> list[str]:
    async def results() -> AsyncGenerator[ExecutionResult, None]:
        for state in states:
            yield result(state)

    return [one.data["progress"]["state"] async for one in without_repeats(results()) if one.data]


@pytest.mark.parametrize(
    ("come", "go"),
    [
        ("", ""),
        ("a", "a"),
        ("ab", "ab"),
        ("aaab", "ab"),
        ("abba", "aba"),
        ("aaabbbaaac", "abac"),
        ("aa", "aa"),  # the last one goes out as well
        ("abbb", "abb"),
    ],
)
async def test_an_answer_that_equals_the_one_before_is_left_out_unless_it_is_the_last(come: str, go: str) -> None:
    assert "".join(await shown(*come)) == go


async def test_errors_are_never_left_out() -> None:
    async def results() -> AsyncGenerator[ExecutionResult, None]:
        for _ in range(3):
            yield ExecutionResult(data=None, errors=[GraphQLError("no")])

    assert len([one async for one in without_repeats(results())]) == 3


async def test_who_stops_reading_closes_the_source() -> None:
    closed = False

    async def results() -> AsyncGenerator[ExecutionResult, None]:
        nonlocal closed
        try:
            while True:
                yield result("a")
        finally:
            closed = True

    different = without_repeats(results())
    await anext(different)
    await different.aclose()
    assert closed
