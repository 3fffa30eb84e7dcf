"""Who watches: another process on the same database, and watchers in tasks of their own."""

import asyncio
from dataclasses import dataclass, field

from persistence.database.pool import Database
from persistence.database.statement_counter import StatementCounter
from resolvers.progress.hub import ProgressHub
from snapshots.following.notifications import NotificationKind
from snapshots.records import BulkSnapshotRecord
from tests.integration.resolvers.bench import TENANT, World

STATEMENTS_OF_A_LOOK = 5


@dataclass
class Process:
    """A gateway's part of it: a pool and a hub of its own."""

    database: Database
    hub: ProgressHub

    def counting(self) -> StatementCounter:
        return StatementCounter(self.database)


@dataclass
class Watching:
    """One who watches, in a task of its own."""

    hub: ProgressHub
    bulk_id: str
    seen: list[BulkSnapshotRecord | None] = field(default_factory=list)
    task: asyncio.Task[None] | None = None

    @property
    def ended(self) -> bool:
        return self.task is not None and self.task.done()

    @property
    def rows(self) -> list[int | None]:
        """The rows of the first topic, each time that something was seen."""
        return [record.snapshots[0].topics[0].rows_scanned for record in self.seen if record is not None]

    @property
    def states(self) -> list[str]:
        """The state of the first source, each time that something was seen."""
        return [record.snapshots[0].state for record in self.seen if record is not None]

    async def run(self) -> None:
        async for sight in self.hub.watch(TENANT, self.bulk_id):
            self.seen.append(sight.record)


async def begin(world: World, *topic_ids: str) -> BulkSnapshotRecord:
    """Have the engine take a snapshot and say that it has begun."""
    record = await world.ask(*(topic_ids or ("top_0_0",)))
    await world.tell(
        *(
            world.notification(NotificationKind.STARTED, one.signals[0].id, number_of(one.source.id))
            for one in record.snapshots
        )
    )
    return await world.bulk(record.id)


async def finish(world: World, record: BulkSnapshotRecord) -> None:
    """Have the engine say that it is done."""
    for one in record.snapshots:
        tables = [int(topic.data_collection.removeprefix("public.table")) for topic in one.topics]
        await world.tell(*world.ended(one.signals[0].id, *tables, source=number_of(one.source.id))[1:])


def number_of(source_id: str) -> int:
    return int(source_id.removeprefix("src_"))
