"""How long rests are."""

from hypothesis import given
from hypothesis import strategies as st

from snapshots.backoff import Backoff


def test_rests_double_up_to_the_longest() -> None:
    backoff = Backoff(0.5, 3.0, chance=lambda: 1.0)
    assert [backoff.after(failures) for failures in range(1, 6)] == [0.5, 1.0, 2.0, 3.0, 3.0]


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1))
def test_chance_takes_up_to_half(failures: int, chance: float) -> None:
    limit = Backoff(0.5, 30.0, chance=lambda: 1.0).after(failures)
    assert limit / 2 <= Backoff(0.5, 30.0, chance=lambda: chance).after(failures) <= limit


def test_two_that_draw_differently_are_equal() -> None:
    assert Backoff(1.0, 2.0, chance=lambda: 0.0) == Backoff(1.0, 2.0)
