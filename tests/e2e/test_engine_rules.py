"""What Debezium does with signals that Topicsnap takes care not to send, and other rules that it relies on.

Each is sent by hand. A rule that a newer Debezium changes fails here first; docs/debezium.md names these tests.
"""

import pytest

from tests.e2e.raw_signals import (
    completed,
    condition,
    execute,
    restart,
    scans,
    send,
    send_together,
    told,
)
from tests.support.debezium.chain import Chain, start_source, topics_of
from tests.support.debezium.sources import DEPOT, POISONED, TILL

pytestmark = pytest.mark.e2e

SEVERAL_POLLS_SECONDS = 2.0
"""The connectors look for signals on Kafka every 0.3 s."""
ROWS = {table.name: table.rows for table in DEPOT.tables}


async def blocked(chain: Chain, *entries: str, additional_conditions: object = ()) -> dict[str, int]:
    """Send a blocking signal to DEPOT and return the rows that came on each topic once it has completed."""
    before = len(await told(chain, DEPOT))
    watch = chain.arrivals.watch(DEPOT)
    await send(chain, DEPOT, execute(*entries, snapshot_type="BLOCKING", additional_conditions=additional_conditions))
    await told(chain, DEPOT, ends_after=before)
    return await watch.counts()


async def test_incremental_entries_are_patterns_that_tell_letters_apart(chain: Chain) -> None:
    watch = chain.arrivals.watch(DEPOT)

    signal_id = await send(chain, DEPOT, execute("public.price.list", "public.orders"))

    await completed(chain, DEPOT, signal_id)
    read = ("price.list", "price_list", "priceXlist", "orders")
    assert await watch.counts() == {DEPOT.topic(name): ROWS[name] for name in read}


async def test_blocking_entries_are_patterns_in_any_case_between_commas(chain: Chain) -> None:
    counts = await blocked(chain, r"public\.orders", "public.left,public.right")

    read = ("orders", "Orders", "left", "right")
    assert counts == {DEPOT.topic(name): ROWS[name] for name in read}


async def test_a_blocking_filter_under_an_escaped_name_is_ignored(chain: Chain) -> None:
    only_one = condition(r"public\.pallets", "SELECT * FROM public.pallets WHERE id = 1")

    assert await blocked(chain, r"public\.pallets", additional_conditions=only_one) == {DEPOT.topic("pallets"): 40}


async def test_a_surrogate_key_on_a_table_without_a_key_loses_rows_silently(chain: Chain) -> None:
    watch = chain.arrivals.watch(DEPOT)

    signal_id = await send(chain, DEPOT, execute("public.keyless", surrogate_key="action"))

    [scan] = [note for note in await completed(chain, DEPOT, signal_id) if note.scan]
    assert (scan.details["status"], scan.details["total_rows_scanned"]) == ("SUCCEEDED", "30")
    assert (await watch.counts())[DEPOT.topic("keyless")] < 30


async def test_a_table_without_a_key_is_not_read_incrementally(chain: Chain) -> None:
    watch = chain.arrivals.watch(DEPOT)

    signal_id = await send(chain, DEPOT, execute("public.keyless"))

    assert scans(await completed(chain, DEPOT, signal_id)) == [("public.keyless", "NO_PRIMARY_KEY")]
    assert await watch.counts() == {}


async def test_a_signal_that_is_on_kafka_twice_runs_twice(chain: Chain) -> None:
    watch = chain.arrivals.watch(TILL)

    signal_id = await send(chain, TILL, execute("public.vouchers"))
    await completed(chain, TILL, signal_id)
    await send(chain, TILL, execute("public.vouchers"), signal_id=signal_id)

    notes = await completed(chain, TILL, signal_id, times=2)
    assert scans(notes) == [("public.vouchers", "SUCCEEDED")] * 2
    assert await watch.counts() == {TILL.topic("vouchers"): 80}


async def test_a_signal_under_another_key_is_passed_over(chain: Chain) -> None:
    watch = chain.arrivals.watch(TILL)

    passed_over = await send(chain, TILL, execute("public.receipts"), key=TILL.source.connector)
    signal_id = await send(chain, TILL, execute("public.vouchers"))

    await completed(chain, TILL, signal_id)
    assert passed_over not in {note.id for note in await told(chain, TILL)}
    assert await watch.counts() == {TILL.topic("vouchers"): 40}


async def test_data_that_is_no_object_ends_the_hearing_of_kafka_signals(chain: Chain) -> None:
    """Its state is RUNNING all the while. On a connector of its own, since not every restart heals it."""
    await chain.sandbox.broker.create_topics(topics_of(POISONED))
    await start_source(chain.sandbox, POISONED)
    try:
        await completed(chain, POISONED, await send(chain, POISONED, execute("public.wells")))
        poison = await send(chain, POISONED, '{"data-collections":["public.wells"],"type":"INCREMENTAL"}')
        unheard = await send(chain, POISONED, execute("public.wells"))

        told_of = {note.id for note in await told(chain, POISONED, within_seconds=SEVERAL_POLLS_SECONDS)}
        assert not {poison, unheard} & told_of
        assert set(await chain.sandbox.connect.states(POISONED.source.connector)) == {"RUNNING"}
    finally:
        await chain.sandbox.connect.delete_connector(POISONED.source.connector)


async def test_of_two_signals_at_once_the_second_takes_the_name_of_the_first(chain: Chain) -> None:
    """So that one source has one snapshot at a time: here the first never ends, and all is told of the second."""
    watch = chain.arrivals.watch(DEPOT)

    first, second = await send_together(
        chain,
        DEPOT,
        ("execute-snapshot", execute("public.crates")),
        ("execute-snapshot", execute("public.pallets")),
    )

    notes = await told(chain, DEPOT, until=(second, "COMPLETED"))
    assert ("public.crates", "SUCCEEDED") in scans([note for note in notes if note.id == second])
    assert "COMPLETED" not in {note.type for note in notes if note.id == first}
    assert "STARTED" not in {note.type for note in notes if note.id == second}
    assert await watch.counts() == {DEPOT.topic("crates"): 2000, DEPOT.topic("pallets"): 40}


async def test_a_stop_ends_the_snapshot_and_is_told_under_another_id(chain: Chain) -> None:
    """So an ABORTED is known by its connector and its time alone."""
    before = len(await told(chain, DEPOT))
    watch = chain.arrivals.watch(DEPOT)

    signal_id, stop = await send_together(
        chain,
        DEPOT,
        ("execute-snapshot", execute("public.crates", "public.pallets")),
        ("stop-snapshot", {"type": "INCREMENTAL"}),
    )
    await watch.rows()

    notes = (await told(chain, DEPOT))[before:]
    [aborted] = [note for note in notes if note.type == "ABORTED"]
    assert aborted.id not in {signal_id, stop}
    assert "TABLE_SCAN_COMPLETED" not in {note.type for note in notes if note.id == signal_id}
    assert (await watch.counts()).get(DEPOT.topic("crates"), 0) < 2000
    await completed(chain, DEPOT, await send(chain, DEPOT, execute("public.pallets")))


async def test_a_blocking_snapshot_tells_of_itself_under_ever_new_ids(chain: Chain) -> None:
    before = len(await told(chain, DEPOT))

    await blocked(chain, "public.pallets")

    notes = (await told(chain, DEPOT))[before:]
    assert {note.aggregate for note in notes} == {"Initial Snapshot"}
    assert len({note.id for note in notes}) == len(notes)
    assert [note.type for note in notes if note.type != "IN_PROGRESS"] == [
        "STARTED",
        "TABLE_SCAN_COMPLETED",
        "COMPLETED",
    ]


async def test_a_start_of_the_connector_tells_of_a_skipped_snapshot(chain: Chain) -> None:
    """Which is none of ours, though it looks like a blocking one."""
    first = (await told(chain, TILL))[0]

    assert (first.type, first.aggregate) == ("SKIPPED", "Initial Snapshot")


async def test_a_filter_with_an_error_spoils_the_tables_after_it_and_wedges_the_connector(chain: Chain) -> None:
    """No COMPLETED comes, and no later signal is heard, not even a stop, until the task is restarted."""
    rejected = condition("public.crates", "no_such_column = 1")
    entries = ("public.crates", "public.pallets", "public.orders")
    signal_id = await send(chain, DEPOT, execute(*entries, additional_conditions=rejected))
    await told(chain, DEPOT, until=(signal_id, "TABLE_SCAN_COMPLETED"), times=2)
    await send(chain, DEPOT, {"type": "INCREMENTAL"}, signal_type="stop-snapshot")
    unheard = await send(chain, DEPOT, execute("public.empty"))
    await chain.arrivals.watch(DEPOT).rows()  # changes are streamed on, past these signals

    notes = await told(chain, DEPOT)
    assert scans([note for note in notes if note.id == signal_id]) == [
        ("public.crates", "SQL_EXCEPTION"),
        ("public.pallets", "SQL_EXCEPTION"),
    ]
    assert "COMPLETED" not in {note.type for note in notes if note.id == signal_id}
    assert unheard not in {note.id for note in notes}
    assert set(await chain.sandbox.connect.states(DEPOT.source.connector)) == {"RUNNING"}

    await restart(chain, DEPOT)
    await completed(chain, DEPOT, await send(chain, DEPOT, execute("public.pallets")))


async def test_a_surrogate_key_that_is_no_column_wedges_the_connector(chain: Chain) -> None:
    """Where another table comes after; a restart gets on by one table."""
    signal_id = await send(chain, DEPOT, execute("public.lines", "public.pallets", surrogate_key="no_such_column"))
    await told(chain, DEPOT, until=(signal_id, "TABLE_SCAN_COMPLETED"))
    await chain.arrivals.watch(DEPOT).rows()

    notes = [note for note in await told(chain, DEPOT) if note.id == signal_id]
    assert scans(notes) == [("public.lines", "SQL_EXCEPTION")]
    assert "COMPLETED" not in {note.type for note in notes}

    await restart(chain, DEPOT)
    notes = await completed(chain, DEPOT, signal_id)
    assert scans(notes) == [("public.lines", "SQL_EXCEPTION"), ("public.pallets", "SQL_EXCEPTION")]


async def test_a_table_made_later_is_unknown_until_a_restart(chain: Chain) -> None:
    await chain.execute(TILL, "CREATE TABLE public.late (id integer PRIMARY KEY)")
    try:
        unknown = await completed(chain, TILL, await send(chain, TILL, execute("public.late")))
        assert scans(unknown) == [("public.late", "UNKNOWN_SCHEMA")]

        await restart(chain, TILL)

        known = await completed(chain, TILL, await send(chain, TILL, execute("public.late")))
        assert scans(known) == [("public.late", "EMPTY")]
    finally:
        await chain.execute(TILL, "DROP TABLE public.late")
