"""What the gateway's own role can do to the ledger: add to it and move it on, never rewrite it."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from persistence.database.pool import Database
from tests.support.ledger_bench import Bench


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_event SET cause = 'nothing'",
        "DELETE FROM ledger_event",
        "TRUNCATE ledger_event",
        "UPDATE bulk_snapshot SET requested_by = 'somebody else'",
        "UPDATE bulk_snapshot SET requested_at = now()",
        "UPDATE bulk_snapshot SET reason = 'another'",
        "DELETE FROM bulk_snapshot",
        "UPDATE source_snapshot SET requested_at = now()",
        "UPDATE source_snapshot SET connector_id = 'src_1'",
        "UPDATE source_snapshot SET origin = 'EXTERNAL'",
        "DELETE FROM source_snapshot",
        "UPDATE signal SET data = '{}'",
        "UPDATE signal SET channel = 'KAFKA'",
        "DELETE FROM signal",
        "UPDATE snapshot_topic SET filter = NULL",
        "UPDATE snapshot_topic SET topic_id = 'top_src_1_0'",
        "UPDATE snapshot_topic SET start_offsets = NULL",
        "DELETE FROM snapshot_topic",
        "UPDATE skipped_topic SET reason = 'NOT_FROM_SOURCE'",
        "DELETE FROM skipped_topic",
    ],
)
async def test_what_is_recorded_stays_as_it_is(bench: Bench, database: Database, statement: str) -> None:
    await bench.dispatch("top_src_0_0")
    with pytest.raises(ProgrammingError, match="permission denied"):
        async with database.write() as connection:
            await connection.execute(text(statement))
