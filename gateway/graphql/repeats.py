"""What a client would see twice: a record can change in ways that it did not ask for, or cannot."""

from collections.abc import AsyncGenerator
from contextlib import aclosing

from strawberry.types import ExecutionResult


async def without_repeats(results: AsyncGenerator[ExecutionResult, None]) -> AsyncGenerator[ExecutionResult, None]:
    """Yield `results`, but for those that equal the one before; the first and the last always, and all with errors."""
    async with aclosing(results):
        shown: ExecutionResult | None = None
        held: ExecutionResult | None = None
        async for result in results:
            if shown is not None and _repeats(shown, result):
                held = result
                continue
            shown, held = result, None
            yield result
        if held is not None:
            yield held


def _repeats(shown: ExecutionResult, result: ExecutionResult) -> bool:
    return not shown.errors and not result.errors and shown.data == result.data
