"""The value: names of collections that came joined by commas."""

from datetime import UTC, datetime

from snapshots.following.notifications import Notification, NotificationKind


def notification(*collections: str) -> Notification:
    return Notification(
        cluster_id="c",
        topic="notes",
        partition=0,
        offset=1,
        record_timestamp_ms=0,
        prefix="shop",
        id="s",
        kind=NotificationKind.ABORTED,
        incremental=True,
        at=datetime(2026, 1, 1, tzinfo=UTC),
        collections=collections,
    )


def test_a_listed_collection_is_named() -> None:
    assert notification("public.a", "public.b").names("public.b")


def test_a_part_of_a_name_is_not_that_name() -> None:
    assert not notification("public.orders").names("public.order")
    assert not notification("xpublic.orders").names("public.orders")


def test_a_name_with_a_comma_is_found_although_the_list_was_split_there() -> None:
    assert notification("public.a", "public.x", "y").names("public.x,y")


def test_an_empty_list_names_nothing() -> None:
    assert not notification().names("public.a")


def test_every_kind_has_a_meaning() -> None:
    for kind in NotificationKind:
        meaning = kind.meaning
        assert not (meaning.proves_nothing and (meaning.is_at_work or meaning.shows_snapshot or meaning.reads_table))
        assert meaning.is_at_work or not meaning.reads_table
