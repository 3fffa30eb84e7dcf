"""Finding the notification of a batch that is at fault, and setting it aside alone."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy.exc import ProgrammingError

from gateway.following.careful_apply import CarefulApply, ReadNotification
from persistence.database.errors import DatabaseUnavailableError
from snapshots.following.dead_letters import DeadLetter, RecordText
from snapshots.following.notifications import Notification, NotificationKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def read(number: int) -> ReadNotification:
    notification = Notification(
        cluster_id="clu_1",
        topic="t",
        partition=0,
        offset=number,
        record_timestamp_ms=number,
        prefix="shop",
        id=f"sig_{number}",
        kind=NotificationKind.STARTED,
        incremental=True,
        at=NOW,
    )
    return ReadNotification(notification, lambda: RecordText.of(b"key", b"value"))


class Ledger:
    """Holds what was applied and what was set aside, in order; `poison` are offsets that it cannot apply."""

    def __init__(self, *poison: int, error: Exception | None = None, passes_after: int | None = None) -> None:
        self.poison = set(poison)
        self.error = error or ValueError("cannot take 'secret'")
        self.left = passes_after
        self.applied: list[int] = []
        self.letters: list[DeadLetter] = []
        self.batches: list[list[int]] = []
        self.pauses: list[float] = []
        self.now = NOW

    async def apply(self, cluster_id: str, notifications: Sequence[Notification]) -> None:
        assert cluster_id == "clu_1"
        offsets = [one.offset for one in notifications]
        self.batches.append(offsets)
        if self.poison & set(offsets) and self.left != 0:
            self.left = None if self.left is None else self.left - 1
            raise self.error
        self.applied += offsets

    async def set_aside(self, letter: DeadLetter) -> None:
        self.letters.append(letter)

    async def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += timedelta(seconds=1)

    async def follow(self, *numbers: int, attempts: int = 3) -> None:
        careful = CarefulApply(
            "clu_1", self.apply, self.set_aside, attempts=attempts, clock=lambda: self.now, pause=self.pause
        )
        await careful([read(number) for number in numbers])


async def test_a_batch_that_can_be_applied_is_applied_at_once() -> None:
    ledger = Ledger()
    await ledger.follow(1, 2, 3)
    assert (ledger.batches, ledger.pauses) == ([[1, 2, 3]], [])


async def test_an_error_that_passes_takes_no_batch_apart() -> None:
    ledger = Ledger(2, passes_after=1)
    await ledger.follow(1, 2, 3)
    assert (ledger.batches, ledger.letters) == ([[1, 2, 3], [1, 2, 3]], [])


async def test_the_one_at_fault_is_set_aside_and_all_others_are_applied_in_order() -> None:
    ledger = Ledger(3, 8)
    await ledger.follow(*range(10))
    assert ledger.applied == [0, 1, 2, 4, 5, 6, 7, 9]
    assert [letter.notification.offset for letter in ledger.letters] == [3, 8]
    assert ledger.batches.count([3]) == ledger.batches.count([8]) == 3
    assert not any(len(batch) > 1 and 3 in batch for batch in ledger.batches[ledger.batches.index([3]) :])


async def test_a_dead_letter_tells_how_often_when_and_why() -> None:
    ledger = Ledger(1)
    await ledger.follow(1)
    (letter,) = ledger.letters
    assert (letter.attempts, letter.first_failed_at, letter.last_failed_at) == (3, NOW, NOW + timedelta(seconds=2))
    assert (letter.error_class, letter.error_message) == ("ValueError", "cannot take '…'")
    assert (letter.place, letter.record.key, letter.record.value) == ("t/0@1", "key", "value")
    assert ledger.pauses == sorted(ledger.pauses)


async def test_a_connector_of_which_every_notification_fails_is_rested_for_once() -> None:
    ledger = Ledger(*range(100))
    await ledger.follow(*range(100), attempts=5)
    assert [letter.attempts for letter in ledger.letters] == [5] * 100
    assert len(ledger.pauses) == 1 + 4  # of the whole batch, and of the first that was alone


async def test_a_connector_is_rested_for_again_once_a_notification_of_it_was_applied() -> None:
    ledger = Ledger(1, 3)
    await ledger.follow(1, 2, 3)
    assert (ledger.applied, len(ledger.pauses)) == ([2], 1 + 2 + 2)


async def test_the_log_holds_nothing_that_an_error_quotes(caplog: pytest.LogCaptureFixture) -> None:
    await Ledger(1).follow(1)
    assert "cannot take '…'" in caplog.text
    assert "secret" not in caplog.text


async def test_one_that_can_be_applied_at_last_is_no_dead_letter() -> None:
    ledger = Ledger(1, passes_after=2)
    await ledger.follow(1)
    assert (ledger.applied, ledger.letters) == ([1], [])


@pytest.mark.parametrize(
    "error",
    [
        DatabaseUnavailableError("away"),
        ConnectionResetError("gone"),
        ProgrammingError("SELECT", {}, Exception("no such table")),
    ],
)
async def test_what_is_not_the_records_fault_makes_no_dead_letter(error: Exception) -> None:
    ledger = Ledger(1, 2, error=error)
    with pytest.raises(type(error)):
        await ledger.follow(1, 2)
    assert (ledger.letters, ledger.batches) == ([], [[1, 2]])
