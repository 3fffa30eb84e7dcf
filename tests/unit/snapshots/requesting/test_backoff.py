"""How long a signal rests before it is tried again, and when that ends."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from snapshots.requesting.backoff import RetryPolicy, jittered


@given(seconds=st.floats(0, 1e6), chance=st.floats(0, 1))
def test_jitter_takes_up_to_half(seconds: float, chance: float) -> None:
    assert seconds / 2 <= jittered(seconds, lambda: chance) <= seconds


def test_rests_double_up_to_the_longest() -> None:
    policy = RetryPolicy(6, first_rest_seconds=10, longest_rest_seconds=100, chance=lambda: 1.0)
    rests = [policy.rest_after(attempt) for attempt in range(1, 8)]
    assert rests == [*(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 100, 100)), None]


@given(attempt=st.integers(1, 10_000), further=st.integers(0, 20), chance=st.floats(0, 1))
def test_there_are_as_many_further_attempts_as_are_set(attempt: int, further: int, chance: float) -> None:
    rest = RetryPolicy(further, chance=lambda: chance).rest_after(attempt)
    assert (rest is None) == (attempt > further)
    assert rest is None or timedelta(seconds=5) <= rest <= timedelta(seconds=300)
