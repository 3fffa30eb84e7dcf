"""What Debezium makes of keys of unusual types, signalled by hand: why Topicsnap does not send such tables.

On connectors of their own: each of these harms its connector. A newer version that mends one of them fails here.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

import pytest

from sandbox.sources import Source
from sandbox.topics import Record, count_snapshot_rows, read_topics
from sandbox.waiting import eventually
from tests.e2e.key_tables import (
    CHUNK,
    CHUNKS,
    NOT_BOUND,
    NOT_SENT,
    NOT_STORED,
    NOT_STORED_NOR_SENT,
    ROWS,
    TYPES,
    by_type,
    made,
)
from tests.e2e.raw_signals import completed, execute, restart, scans, send
from tests.support.debezium.chain import Chain, start_source, topics_of
from tests.support.debezium.sources import Made, OwnSource

pytestmark = pytest.mark.e2e

FAILED_SECONDS = 30.0


@asynccontextmanager
async def connector(
    chain: Chain, name: str, *tables: Made, more: Mapping[str, str] = CHUNKS
) -> AsyncIterator[OwnSource]:
    """Run a connector over tables of its own, and delete it in the end."""
    own = OwnSource(Source(name, channel="source", include={"schema.include.list": "public"}), (TYPES, *tables))
    await chain.sandbox.broker.create_topics(topics_of(own))
    await start_source(chain.sandbox, own, more=more)
    try:
        yield own
    finally:
        await chain.sandbox.connect.delete_connector(own.source.connector)


def deaths(chain: Chain) -> int:
    """How often a task has died of a key that it cannot serialise, as Kafka Connect's log has it."""
    return chain.sandbox.connect.log.read_text(errors="replace").count("DebeziumException: Cannot serialize chunk")


async def dies(chain: Chain, own: OwnSource, *, after: int) -> int:
    """Return how many deaths there are, once the connector's task has failed and there are more of them."""

    async def is_dead() -> bool:
        return deaths(chain) > after and "FAILED" in await chain.sandbox.connect.states(own.source.connector)

    await eventually(is_dead, FAILED_SECONDS, f"the task of {own.name} to fail")
    return deaths(chain)


DEADLY = {
    "array": made("deadly", "k text[] PRIMARY KEY", NOT_STORED["text[]"], rows=1),
    "domain": made("deadly", "k labels PRIMARY KEY", NOT_STORED["labels"], rows=1),
    "enums": made("deadly", "k mood[] PRIMARY KEY", NOT_STORED["mood[]"], rows=1),
    "vector": made("deadly", "k oidvector PRIMARY KEY", NOT_STORED_NOR_SENT["oidvector"], rows=1),
    "second": made("deadly", "id int, k int[], PRIMARY KEY (id, k)", "n, array[n]", rows=1),
}
"""With one row each, which is less than a chunk."""


@pytest.mark.parametrize("kind", DEADLY)
async def test_an_array_in_the_key_kills_the_task_and_again_at_its_restart(chain: Chain, kind: str) -> None:
    async with connector(chain, f"deadly_{kind}", DEADLY[kind]) as own:
        before = deaths(chain)
        await send(chain, own, execute("public.deadly"))
        before = await dies(chain, own, after=before)
        await chain.sandbox.connect.restart_connector(own.source.connector)
        await dies(chain, own, after=before)


async def test_a_surrogate_key_that_is_an_array_kills_the_task(chain: Chain) -> None:
    table = made("deadly", "id int PRIMARY KEY, k text[] NOT NULL UNIQUE", "n, array['t' || n]", rows=1)
    async with connector(chain, "deadly_surrogate", table) as own:
        before = deaths(chain)
        await send(chain, own, execute("public.deadly", surrogate_key="k"))
        await dies(chain, own, after=before)


async def test_a_time_in_the_key_fails_its_table_whatever_its_rows(chain: Chain) -> None:
    """One row, and chunks of hundreds: only a chunk without rows would end the table, and it cannot be asked for."""
    tables = by_type("unbound", NOT_BOUND, rows=1)
    async with connector(chain, "unbound", *tables, more={}) as own:
        ends = {}
        for type_, table in zip(NOT_BOUND, tables, strict=True):
            notes = await completed(chain, own, await send(chain, own, execute(table.collection)))
            [(_, ends[type_])] = scans(notes)
            await restart(chain, own)  # it goes on in a transaction that is broken, else
    assert ends == dict.fromkeys(NOT_BOUND, "SQL_EXCEPTION")


async def test_types_that_debezium_does_not_know_lose_rows_and_are_told_as_read(chain: Chain) -> None:
    """Their columns are not in the records' keys, so that the rows of a chunk pass for one."""
    tables = by_type("unsent", NOT_SENT)
    async with connector(chain, "unsent", *tables) as own:
        signal_id = await send(chain, own, execute(*(table.collection for table in tables)))
        notes = await completed(chain, own, signal_id)
        assert scans(notes) == [(table.collection, "SUCCEEDED") for table in tables]
        chunks = -(-ROWS // CHUNK)
        await read_exactly(chain, own, dict.fromkeys((own.topic(table.name) for table in tables), chunks))


async def test_a_surrogate_key_does_not_mend_that(chain: Chain) -> None:
    """Not even for the arrays of a known type that have another dimension, or a domain's."""
    tables = by_type("lost", {**NOT_STORED_NOR_SENT, "xid8": NOT_SENT["xid8"]})
    async with connector(chain, "lost", *tables) as own:
        data = execute(*(table.collection for table in tables), surrogate_key="id")
        notes = await completed(chain, own, await send(chain, own, data))
        assert scans(notes) == [(table.collection, "SUCCEEDED") for table in tables]
        await read_exactly(chain, own, dict.fromkeys((own.topic(table.name) for table in tables), -(-ROWS // CHUNK)))


async def test_they_lose_none_where_the_connector_is_to_send_them(chain: Chain) -> None:
    tables = by_type("sent", NOT_SENT)
    more = {**CHUNKS, "include.unknown.datatypes": "true"}
    async with connector(chain, "sent", *tables, more=more) as own:
        await completed(chain, own, await send(chain, own, execute(*(table.collection for table in tables))))
        await read_exactly(chain, own, {own.topic(table.name): ROWS for table in tables})


async def read_exactly(chain: Chain, own: OwnSource, expected: Mapping[str, int]) -> None:
    """Hold what came on the topics against `expected`; the snapshot is over, so nothing but delay can be missing."""

    def enough(records: Sequence[Record]) -> bool:
        return count_snapshot_rows(records) == expected

    records = await read_topics(chain.sandbox.broker.bootstrap, expected, enough, FAILED_SECONDS)
    assert count_snapshot_rows(records) == expected
