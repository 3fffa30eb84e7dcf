"""Names that Debezium would mistake for others, and filters with awkward values: exactly the rows asked for arrive."""

from dataclasses import replace

import pytest

from snapshots.engines.simulated import NoTrial
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.states import BulkSnapshotState, SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SkipReason, SnapshotErrorCode, SnapshotType, TopicSnapshotOutcome
from tests.support.debezium.gateway import Gateway, part, topics_of
from tests.support.debezium.sources import AWKWARD_COLUMN, AWKWARD_VALUES, DEPOT, LOOK_ALIKES, TILL
from tests.support.services import with_engine

pytestmark = pytest.mark.e2e

BOTH_TYPES = pytest.mark.parametrize("snapshot_type", list(SnapshotType))
ROWS = {table.name: table.rows for table in DEPOT.tables}


def by_id(operator: FilterOperator, *values: int) -> RowFilter:
    return RowFilter((RowCondition("id", operator, tuple(map(str, values))),))


@BOTH_TYPES
async def test_look_alikes_are_not_read(gateway: Gateway, snapshot_type: SnapshotType) -> None:
    """All of the names at once; `orders` is left out, since `Orders` would be mistaken for it."""
    watch = gateway.chain.arrivals.watch(DEPOT)
    names = [name for name in LOOK_ALIKES if name != "orders"]

    answered = await gateway.call(gateway.request(*((DEPOT, name) for name in names), snapshot_type=snapshot_type))

    ended = await gateway.ended(answered.id)
    outcomes = {name: topic.outcome for name, topic in topics_of(part(ended, DEPOT)).items()}
    assert outcomes == dict.fromkeys(names, TopicSnapshotOutcome.SUCCEEDED)
    assert await watch.counts() == {DEPOT.topic(name): ROWS[name] for name in names}


@BOTH_TYPES
async def test_a_filter_finds_the_one_of_two_look_alikes(gateway: Gateway, snapshot_type: SnapshotType) -> None:
    watch = gateway.chain.arrivals.watch(DEPOT)
    filters = {
        (DEPOT, "orders"): by_id(FilterOperator.LE, 2),
        (DEPOT, "Orders"): by_id(FilterOperator.EQ, 3),
        (DEPOT, "price.list"): by_id(FilterOperator.IN, 1, 4),
        (DEPOT, "left,right"): by_id(FilterOperator.EQ, 5),
    }

    answered = await gateway.call(
        gateway.request(*filters, (DEPOT, "price_list"), snapshot_type=snapshot_type, filters=filters)
    )

    assert (await gateway.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    rows = await watch.rows()
    assert {topic: sorted(int(str(row["id"])) for row in found) for topic, found in rows.items()} == {
        DEPOT.topic("orders"): [1, 2],
        DEPOT.topic("Orders"): [3],
        DEPOT.topic("price.list"): [1, 4],
        DEPOT.topic("left,right"): [5],
        DEPOT.topic("price_list"): list(range(1, ROWS["price_list"] + 1)),
    }


@BOTH_TYPES
async def test_a_filter_means_its_values_whatever_they_hold(gateway: Gateway, snapshot_type: SnapshotType) -> None:
    """By both channels; the table holds a decoy for each value, and its column's name is awkward as well."""
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)
    every = RowFilter((RowCondition(AWKWARD_COLUMN, FilterOperator.IN, AWKWARD_VALUES),))

    answered = await gateway.call(
        gateway.request(
            (DEPOT, "remarks"),
            (TILL, "remarks"),
            snapshot_type=snapshot_type,
            filters={(DEPOT, "remarks"): every, (TILL, "remarks"): every},
        )
    )

    assert (await gateway.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    rows = await watch.rows()
    for source in (DEPOT, TILL):
        values = [str(row[AWKWARD_COLUMN]) for row in rows[source.topic("remarks")]]
        assert sorted(values) == sorted(AWKWARD_VALUES)


NO_SUCH_COLUMN = RowFilter((RowCondition("no_such_column", FilterOperator.EQ, ("1",)),))
NO_NUMBER = RowFilter((RowCondition("id", FilterOperator.EQ, ("no number",)),))


def untried(gateway: Gateway) -> Gateway:
    """The gateway where it cannot ask the sources' databases whether they take a filter."""
    return replace(gateway, services=with_engine(gateway.services, source_trial=NoTrial()))


@BOTH_TYPES
async def test_a_filter_that_the_database_refuses_is_not_sent(gateway: Gateway, snapshot_type: SnapshotType) -> None:
    """It is skipped with what the database says of it."""
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)
    filters = {(DEPOT, "crates"): NO_SUCH_COLUMN, (TILL, "receipts"): NO_NUMBER}

    answered = await gateway.call(
        gateway.request((DEPOT, "pallets"), *filters, snapshot_type=snapshot_type, filters=filters)
    )

    assert [skip.reason for skip in answered.skips] == [SkipReason.FILTER_REJECTED] * 2
    reasons = " ".join(skip.message for skip in answered.skips)
    assert 'column "no_such_column" does not exist' in reasons
    assert 'invalid input syntax for type integer: "no number"' in reasons
    ended = await gateway.ended(answered.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    assert await watch.counts() == {DEPOT.topic("pallets"): 40}


async def test_a_surrogate_key_that_is_no_column_is_not_sent(gateway: Gateway) -> None:
    watch = gateway.chain.arrivals.watch(DEPOT)
    surrogates = {(DEPOT, "lines"): "no_such_column"}

    answered = await gateway.call(gateway.request((DEPOT, "pallets"), *surrogates, surrogates=surrogates))

    assert [skip.reason for skip in answered.skips] == [SkipReason.FILTER_REJECTED]
    assert (await gateway.ended(answered.id)).state is BulkSnapshotState.COMPLETED
    assert await watch.counts() == {DEPOT.topic("pallets"): 40}  # else the next test would meet them


@BOTH_TYPES
async def test_a_filter_that_the_database_refuses_fails_its_table_alone(
    gateway: Gateway, snapshot_type: SnapshotType
) -> None:
    """By both channels. In one signal it would take the next table with it, and leave the connector hanging.

    Whether rows of an incremental one were left behind nobody knows: what would be sent after it waits for a restart.
    """
    gateway = untried(gateway)
    watch = gateway.chain.arrivals.watch(DEPOT, TILL)

    answered = await gateway.call(
        gateway.request(
            (DEPOT, "crates"),
            (DEPOT, "pallets"),
            (DEPOT, "orders"),
            (DEPOT, "price_list"),
            (TILL, "receipts"),
            (TILL, "vouchers"),
            (TILL, "Receipts"),
            snapshot_type=snapshot_type,
            filters={
                (DEPOT, "crates"): NO_SUCH_COLUMN,
                (DEPOT, "orders"): NO_NUMBER,
                (DEPOT, "price_list"): by_id(FilterOperator.LE, 3),
                (TILL, "receipts"): NO_SUCH_COLUMN,
            },
        )
    )

    ended = await gateway.ended(answered.id)
    assert ended.state is BulkSnapshotState.PARTIALLY_COMPLETED
    depot, till = ended.snapshots
    assert (depot.state, till.state) == (SnapshotState.PARTIALLY_COMPLETED, SnapshotState.PARTIALLY_COMPLETED)
    refused = (TopicSnapshotState.FAILED, TopicSnapshotOutcome.FILTER_REJECTED)
    read = (TopicSnapshotState.COMPLETED, TopicSnapshotOutcome.SUCCEEDED)
    waits = snapshot_type is SnapshotType.INCREMENTAL
    if waits:
        assert depot.code is SnapshotErrorCode.RESTART_REQUIRED
    else:
        assert depot.message == "2 of 4 topics could not be read; see the outcome of each topic."
    not_sent = (TopicSnapshotState.FAILED, None)
    assert {name: (topic.state, topic.outcome) for one in (depot, till) for name, topic in topics_of(one).items()} == {
        "crates": refused,
        "pallets": read,
        "orders": not_sent if waits else refused,
        "price_list": not_sent if waits else read,
        "receipts": refused,
        "vouchers": read,
        "Receipts": read,
    }
    assert await watch.counts() == {
        DEPOT.topic("pallets"): 40,
        **({} if waits else {DEPOT.topic("price_list"): 3}),
        TILL.topic("vouchers"): 40,
        TILL.topic("Receipts"): 5,
    }


async def test_a_surrogate_key_that_is_no_column_fails_its_table_alone(gateway: Gateway) -> None:
    """Two tables with the same surrogate key: of one signal, the connector would never be heard of again.

    The sound table is read first, and what is behind the failure waits for a restart.
    """
    gateway = untried(gateway)
    watch = gateway.chain.arrivals.watch(DEPOT)
    surrogates = {(DEPOT, "lines"): "no_such_column", (DEPOT, "stock"): "no_such_column"}

    answered = await gateway.call(gateway.request(*surrogates, (DEPOT, "pallets"), surrogates=surrogates))

    ended = await gateway.ended(answered.id)
    assert {name: topic.engine_status for name, topic in topics_of(part(ended, DEPOT)).items()} == {
        "lines": "SQL_EXCEPTION",
        "stock": None,
        "pallets": "SUCCEEDED",
    }
    assert part(ended, DEPOT).code is SnapshotErrorCode.RESTART_REQUIRED
    assert await watch.counts() == {DEPOT.topic("pallets"): 40}
