"""Snapshots of which some are under way for certain, when something is killed."""

from sandbox.waiting import eventually
from tests.faults.counts import Mark
from tests.faults.processes import Gateway
from tests.faults.sources import BIG, DESK, MIRROR, SAFE, VAULT
from tests.faults.stand import Stand

ASKED = ((VAULT, BIG), (DESK, BIG), (SAFE, "one"), (MIRROR, "one"))


async def begun(stand: Stand, survivor: Gateway) -> Mark:
    """Ask for tables, and return when rows of the big ones have come."""
    mark = await stand.mark()
    assert await survivor.ask(stand.ids(*ASKED)) is not None

    async def rows_have_come() -> bool:
        return all(len(stand.chain.seen.rows(source.topic(BIG), mark.seen)) > 1000 for source in (VAULT, DESK))

    await eventually(rows_have_come, 60.0, "rows of the big tables")
    return mark
