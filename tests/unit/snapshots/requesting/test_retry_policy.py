"""How long a signal rests before it is tried again, and when that ends."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from snapshots.backoff import Backoff
from snapshots.requesting.retry_policy import RetryPolicy


def test_rests_double_up_to_the_longest() -> None:
    policy = RetryPolicy(6, Backoff(10.0, 100.0, chance=lambda: 1.0))
    rests = [policy.rest_after(attempt) for attempt in range(1, 8)]
    assert rests == [*(timedelta(seconds=seconds) for seconds in (10, 20, 40, 80, 100, 100)), None]


@given(attempt=st.integers(1, 10_000), further=st.integers(0, 20))
def test_there_are_as_many_further_attempts_as_are_set(attempt: int, further: int) -> None:
    rest = RetryPolicy(further).rest_after(attempt)
    assert (rest is None) == (attempt > further)
    assert rest is None or timedelta(seconds=5) <= rest <= timedelta(seconds=300)
