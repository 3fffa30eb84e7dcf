"""What shows a snapshot that somebody else started, and what does not."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from snapshots.following.external import Known, first_of_external
from snapshots.following.notifications import Notification, NotificationKind

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
KNOWN = Known(
    frozenset({"sig-ours", "sig-ended"}), NOON - timedelta(minutes=1), NOON - timedelta(hours=1), {"sig-ended"}
)
STARTED = Notification(
    cluster_id="c",
    topic="notes",
    partition=0,
    offset=0,
    record_timestamp_ms=0,
    prefix="shop",
    id="by-hand",
    kind=NotificationKind.STARTED,
    incremental=True,
    at=NOON,
    collections=("public.a",),
)
BLOCKING = replace(STARTED, id="random", incremental=False, collections=())


@pytest.mark.parametrize(
    "notification",
    [
        pytest.param(STARTED, id="the start of an incremental one"),
        pytest.param(replace(STARTED, kind=NotificationKind.IN_PROGRESS), id="an incremental one at work"),
        pytest.param(replace(STARTED, kind=NotificationKind.PAUSED), id="an incremental one that was paused"),
        pytest.param(BLOCKING, id="the start of a blocking or initial one"),
        pytest.param(replace(STARTED, id="sig-ended"), id="a signal of ours that had ended, begun anew"),
    ],
)
def test_it_shows(notification: Notification) -> None:
    assert first_of_external([notification], KNOWN) == 0


@pytest.mark.parametrize(
    "notification",
    [
        pytest.param(replace(STARTED, id="sig-ours"), id="a signal of ours, late"),
        pytest.param(
            replace(STARTED, id="sig-ended", kind=NotificationKind.IN_PROGRESS),
            id="a signal of ours that had ended, late",
        ),
        pytest.param(replace(STARTED, id="sig-ended", at=NOON - timedelta(minutes=1)), id="its start, told again"),
        pytest.param(replace(STARTED, id=""), id="no id"),
        pytest.param(replace(STARTED, reads_nothing=True), id="nothing to read"),
        pytest.param(replace(STARTED, at=NOON - timedelta(minutes=1)), id="by the end of the last one"),
        pytest.param(replace(STARTED, at=NOON - timedelta(hours=1, seconds=1)), id="history"),
        pytest.param(replace(STARTED, kind=NotificationKind.COMPLETED), id="an end"),
        pytest.param(replace(STARTED, kind=NotificationKind.ABORTED), id="a stop"),
        pytest.param(replace(BLOCKING, kind=NotificationKind.SKIPPED), id="the start of a connector"),
        pytest.param(replace(BLOCKING, kind=NotificationKind.IN_PROGRESS), id="a blocking one, perhaps of ours"),
        pytest.param(replace(STARTED, kind=NotificationKind.OTHER), id="an unknown kind"),
    ],
)
def test_it_does_not_show(notification: Notification) -> None:
    known = replace(KNOWN, last_end=None) if notification.at < NOON - timedelta(minutes=2) else KNOWN
    assert first_of_external([notification], known) is None


def test_the_first_that_shows_is_told() -> None:
    assert first_of_external([replace(STARTED, id="sig-ours"), STARTED, STARTED], KNOWN) == 1
