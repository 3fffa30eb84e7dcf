"""What goes another way than asked for: signals sent by hand, stops, restarts, and a connector that tells nothing.

The gateway tells the truth of it all the same, and no source is held for longer than its engine is at work.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import cast

import pytest

from gateway.engine import debezium
from gateway.metrics import NoMetrics
from gateway.secrets import ReferencedSecrets
from gateway.services import open_runtime
from gateway.settings import load
from persistence.embedded import EmbeddedPostgres
from persistence.embedded.sessions import connected
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.following.abandon_snapshots import abandon_snapshots
from resolvers.following.end_unreported import end_unreported
from resolvers.principal import LOCAL_PRINCIPAL
from sandbox.sources import Source
from sandbox.stack import Sandbox
from sandbox.waiting import eventually
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.following.abandoning import AbandonRequest
from snapshots.records import AnswerKind, BulkSnapshotFilter, BulkSnapshotRecord, SourceSnapshotRecord
from snapshots.states import SnapshotState, TopicSnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotOrigin, SnapshotType, TopicSnapshotOutcome
from tests.e2e.raw_signals import condition, execute, restart, send
from tests.support.debezium.arrivals import Arrivals, Watch, WatchedSource
from tests.support.debezium.chain import Chain, start_source, topics_of
from tests.support.debezium.gateway import CLUSTER, END_SECONDS, GRACE, TENANT, Gateway, following, reference
from tests.support.debezium.sources import Made, OwnSource

pytestmark = pytest.mark.e2e

LONG = OwnSource(
    Source("long", channel="source", include={"schema.include.list": "public"}),
    (Made("journal", 40_000), Made("side", 500), Made("notes", 60), Made("archive", 400_000)),
)
"""Reading its journal in chunks takes about four seconds: time enough for somebody to interfere. Its archive is for a
blocking snapshot, which reads ten times as fast."""
MUTE = OwnSource(
    Source("mute", channel="source", include={"schema.include.list": "public"}),
    (Made("journal", 40_000), Made("notes", 60)),
)
"""Its connector sends no notifications."""
NEW = OwnSource(
    Source("newcomer", channel="source", include={"table.include.list": r"public\.first,public\.second"}),
    (Made("first", 300), Made("second", 40)),
)
"""Its connector reads its tables at its start; it has a notification topic of its own."""
NOTIFICATIONS = "crooked.notifications"
"""The broker makes it when the connector first writes, with four partitions: what is told comes out of order."""
OFFSETS_AGE = timedelta(seconds=3)
"""The sandbox's Kafka Connect writes offsets every second."""


@dataclass(frozen=True)
class Crooked:
    """A gateway in front of both sources."""

    gateway: Gateway

    async def begin(self, *tables: str, snapshot_type: SnapshotType = SnapshotType.INCREMENTAL) -> BulkSnapshotRecord:
        """Ask for tables of LONG, and return when the engine is at the first."""
        request = self.gateway.request(*((LONG, table) for table in tables), snapshot_type=snapshot_type)
        answered = await self.gateway.call(request)
        [snapshot] = answered.snapshots
        assert snapshot.answer
        assert snapshot.answer.kind is AnswerKind.DISPATCHED
        await self.reached(snapshot.id, SnapshotState.RUNNING)
        return answered

    async def end(self, bulk_id: str) -> SourceSnapshotRecord:
        """Return the one source snapshot when it has ended; its source is free then."""
        [snapshot] = (await self.gateway.ended(bulk_id)).snapshots
        assert await self.held(snapshot.source.id) is None
        return snapshot

    async def reached(self, source_snapshot_id: str, state: SnapshotState) -> SourceSnapshotRecord:
        async def probe() -> SourceSnapshotRecord | None:
            found = await self.gateway.services.ledger.reading.source_snapshots(TENANT, [source_snapshot_id])
            record = found[source_snapshot_id]
            assert not record.state.is_terminal or record.state is state
            return record if record.state is state else None

        return await eventually(probe, END_SECONDS, f"{source_snapshot_id} to be {state}")

    async def record(self, source_snapshot_id: str) -> SourceSnapshotRecord:
        """What the ledger holds now."""
        return (await self.gateway.services.ledger.reading.source_snapshots(TENANT, [source_snapshot_id]))[
            source_snapshot_id
        ]

    async def abandon(self, source_snapshot_id: str) -> None:
        """Abandon a snapshot whose engine is at work; its source is free then."""
        request = AbandonRequest((source_snapshot_id,))
        [abandoned] = await abandon_snapshots(self.gateway.services, LOCAL_PRINCIPAL, request)
        assert abandoned.code is None
        assert abandoned.snapshot
        assert await self.held(abandoned.snapshot.source.id) is None

    async def held(self, source_id: str) -> SourceSnapshotRecord | None:
        """The snapshot that holds a source."""
        return (await self.gateway.services.ledger.reading.active_snapshots(TENANT, [source_id])).get(source_id)

    async def external(self) -> SourceSnapshotRecord:
        """Return the external snapshot that holds LONG, once one does."""
        topic_id = self.gateway.topic_id(LONG, "notes")
        source = (await self.gateway.services.catalog.routes(TENANT, [topic_id]))[topic_id].source
        assert source

        async def probe() -> SourceSnapshotRecord | None:
            held = await self.held(source.id)
            return held if held and held.origin is SnapshotOrigin.EXTERNAL else None

        return await eventually(probe, END_SECONDS, "an external snapshot of LONG")

    async def joiners(self, bulk_id: str) -> list[str]:
        """Ids of signals by hand that the ledger tells to have joined."""
        async with connected(self.gateway.url) as connection:
            found = "SELECT detail ->> 'joinedBy' FROM ledger_event WHERE bulk_snapshot_id = $1 AND detail ? 'joinedBy'"
            rows = await connection.fetch(found, bulk_id)
        return [cast("tuple[str]", row)[0] for row in rows]

    async def externals(self) -> int:
        """How many external snapshots the ledger has."""
        wanted = BulkSnapshotFilter(requested_by=("external",))
        page = await self.gateway.services.ledger.reading.bulk_snapshots_page(TENANT, wanted, 500, None)
        return len(page.items)


@asynccontextmanager
async def own_database(server: EmbeddedPostgres, template: str) -> AsyncIterator[str]:
    async with connected(server.url()) as connection:
        await connection.execute(f"CREATE DATABASE crooked TEMPLATE {template}")
        yield server.url("crooked")
        await connection.execute("DROP DATABASE crooked WITH (FORCE)")


@pytest.fixture(scope="module")
async def module(sandbox: Sandbox, postgres_server: EmbeddedPostgres, template: str) -> AsyncIterator[Crooked]:
    sources = (LONG, MUTE)
    await sandbox.broker.create_topics(topic for own in sources for topic in topics_of(own))
    await start_source(sandbox, LONG, notifications=NOTIFICATIONS)
    await start_source(sandbox, MUTE, notifications=None)
    urls = {own.name: sandbox.postgres.url(own.name) for own in sources}
    environ = {reference(own.source).removeprefix("env:"): urls[own.name] for own in sources}
    described = CatalogImport(
        (ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap),),
        tuple(
            ImportedConnector(CLUSTER, own.source.connector, database_url_ref=reference(own.source)) for own in sources
        ),
    )
    watched = [WatchedSource(own, urls[own.name]) for own in sources]
    async with (
        Arrivals(sandbox.broker.bootstrap, watched) as arrivals,
        own_database(postgres_server, template) as url,
        open_runtime(load(), url, engine=debezium(ReferencedSecrets(environ)), metrics=NoMetrics()) as runtime,
    ):
        gateway = Gateway(runtime.services, url, Chain(sandbox, arrivals, count(1)), {})
        await import_catalog(gateway.services, LOCAL_PRINCIPAL, described)
        [cluster] = await gateway.services.catalog.clusters(TENANT)
        assert (await sync_catalog(gateway.services, LOCAL_PRINCIPAL, cluster.id)).unreadable == ()
        await gateway.refresh_topics()
        async with following(gateway.services, group="crooked"):
            crooked = Crooked(gateway)
            # Until the group is joined nothing is seen, and a snapshot would be over before it is seen to run.
            await crooked.end((await gateway.call(gateway.request((LONG, "notes")))).id)
            yield crooked


@pytest.fixture
async def crooked(module: Crooked) -> Crooked:
    """The gateway, once no source is held any more, and no row of the test before is on its way."""
    await module.gateway.freed()
    await module.gateway.restarted()
    await module.gateway.chain.arrivals.pass_all(LONG.name)
    return module


async def arrived(watch: Watch, expected: dict[str, int]) -> None:
    """Wait for these rows: the last of them are on their way when their snapshot is told to be over."""

    async def all_there() -> bool:
        counts = await watch.counts()
        assert all(counts.get(topic, 0) <= rows for topic, rows in expected.items())
        return counts == expected

    await eventually(all_there, END_SECONDS, f"the rows {expected}")


def outcomes(snapshot: SourceSnapshotRecord) -> dict[str, TopicSnapshotOutcome | None]:
    return {topic.data_collection.removeprefix("public."): topic.outcome for topic in snapshot.topics}


async def test_a_signal_by_hand_that_joins_leaves_ours_its_outcomes_and_its_end(crooked: Crooked) -> None:
    """From then on the engine tells everything under the other's id."""
    chain = crooked.gateway.chain
    watch, before = chain.arrivals.watch(LONG), await crooked.externals()
    asked = await crooked.begin("journal", "notes")

    joined = await send(chain, LONG, execute("public.side"))

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == dict.fromkeys(("journal", "notes"), TopicSnapshotOutcome.SUCCEEDED)
    assert await crooked.joiners(asked.id) == [joined]
    await arrived(watch, {LONG.topic("journal"): 40_000, LONG.topic("notes"): 60, LONG.topic("side"): 500})
    assert await crooked.externals() == before


async def test_the_other_s_failure_at_the_same_table_is_not_ours(crooked: Crooked) -> None:
    asked = await crooked.begin("journal")

    filtered = condition("public.journal", "no_such_column = 1")
    await send(crooked.gateway.chain, LONG, execute("public.journal", additional_conditions=filtered))

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == {"journal": TopicSnapshotOutcome.SUCCEEDED}


async def test_a_signal_by_hand_on_an_idle_source_is_recorded_and_holds_it(crooked: Crooked) -> None:
    await send(crooked.gateway.chain, LONG, execute("public.journal", "public.unheard_of"))
    external = await crooked.external()

    refused = await crooked.gateway.call(crooked.gateway.request((LONG, "notes")))

    [snapshot] = refused.snapshots
    assert snapshot.answer
    assert snapshot.answer.code is SnapshotErrorCode.SNAPSHOT_ALREADY_RUNNING
    assert external.id in snapshot.answer.message
    assert (external.snapshot_type, external.signals) == (SnapshotType.INCREMENTAL, ())
    ended = await crooked.end(external.bulk_snapshot_id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == {"journal": TopicSnapshotOutcome.SUCCEEDED}
    again = await crooked.gateway.call(crooked.gateway.request((LONG, "notes")))
    assert (await crooked.end(again.id)).state is SnapshotState.COMPLETED


async def test_a_blocking_snapshot_by_hand_is_recorded_and_holds_its_source(crooked: Crooked) -> None:
    await send(crooked.gateway.chain, LONG, execute("public.journal", snapshot_type="BLOCKING"))

    external = await crooked.external()

    assert external.snapshot_type is SnapshotType.BLOCKING
    ended = await crooked.end(external.bulk_snapshot_id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == {"journal": TopicSnapshotOutcome.SUCCEEDED}


async def test_the_initial_snapshot_of_a_new_connector_is_recorded(crooked: Crooked) -> None:
    """The catalogue hears of the connector when it is over: the follower reads its topic from the beginning."""
    gateway, sandbox = crooked.gateway, crooked.gateway.chain.sandbox
    await sandbox.broker.create_topics([NEW.source.notification_topic, *(NEW.topic(made.name) for made in NEW.tables)])
    more = {"snapshot.mode": "initial"}
    await start_source(sandbox, NEW, notifications=NEW.source.notification_topic, more=more)
    [cluster] = await gateway.services.catalog.clusters(TENANT)
    await sync_catalog(gateway.services, LOCAL_PRINCIPAL, cluster.id)

    async def recorded() -> SourceSnapshotRecord | None:
        wanted = BulkSnapshotFilter(requested_by=("external",))
        page = await gateway.services.ledger.reading.bulk_snapshots_page(TENANT, wanted, 500, None)
        found = [one for bulk in page.items for one in bulk.snapshots if one.source.name == NEW.source.connector]
        return next((one for one in found if one.state.is_terminal), None)

    initial = await eventually(recorded, END_SECONDS, "the initial snapshot")
    assert (initial.origin, initial.snapshot_type) == (SnapshotOrigin.EXTERNAL, SnapshotType.BLOCKING)
    assert initial.state is SnapshotState.COMPLETED
    assert outcomes(initial) == dict.fromkeys(("first", "second"), TopicSnapshotOutcome.SUCCEEDED)
    assert await crooked.held(initial.source.id) is None


async def test_a_blocking_snapshot_of_ours_is_followed_though_its_reports_come_out_of_order(crooked: Crooked) -> None:
    request = crooked.gateway.request((LONG, "notes"), (LONG, "side"), snapshot_type=SnapshotType.BLOCKING)
    before = await crooked.externals()

    for _ in range(3):
        ended = await crooked.end((await crooked.gateway.call(request)).id)
        assert ended.state is SnapshotState.COMPLETED

    assert await crooked.externals() == before
    async with connected(crooked.gateway.url) as connection:
        partitions = "SELECT partition FROM notification_cursor WHERE topic = $1"
        assert len(await connection.fetch(partitions, NOTIFICATIONS)) > 1


async def test_a_stop_by_hand_is_a_cancellation(crooked: Crooked) -> None:
    asked = await crooked.begin("journal", "notes")

    await send(crooked.gateway.chain, LONG, {"type": "INCREMENTAL"}, signal_type="stop-snapshot")

    ended = await crooked.end(asked.id)
    assert (ended.state, ended.code) == (SnapshotState.CANCELLED, None)
    assert {topic.state for topic in ended.topics} == {TopicSnapshotState.CANCELLED}


async def test_a_stop_of_one_table_by_hand_leaves_the_other(crooked: Crooked) -> None:
    asked = await crooked.begin("journal", "notes")

    stop = {"type": "INCREMENTAL", "data-collections": ["public.journal"]}
    await send(crooked.gateway.chain, LONG, stop, signal_type="stop-snapshot")

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.PARTIALLY_COMPLETED
    assert [topic.state for topic in ended.topics] == [TopicSnapshotState.CANCELLED, TopicSnapshotState.COMPLETED]


async def test_a_restart_in_the_middle_is_survived_and_recorded_as_nothing_else(crooked: Crooked) -> None:
    before = await crooked.externals()
    asked = await crooked.begin("journal", "notes")

    await restart(crooked.gateway.chain, LONG)

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.COMPLETED
    assert await crooked.externals() == before


async def test_a_restart_ends_a_blocking_snapshot_of_which_nothing_more_is_told(crooked: Crooked) -> None:
    before = await crooked.externals()
    asked = await crooked.begin("archive", "notes", snapshot_type=SnapshotType.BLOCKING)

    await restart(crooked.gateway.chain, LONG)

    ended = await crooked.end(asked.id)
    assert (ended.state, ended.code) == (SnapshotState.FAILED, SnapshotErrorCode.TABLES_FAILED)
    assert set(outcomes(ended).values()) == {TopicSnapshotOutcome.NOT_REPORTED}
    assert await crooked.externals() == before
    again = await crooked.gateway.call(crooked.gateway.request((LONG, "notes"), snapshot_type=SnapshotType.BLOCKING))
    assert (await crooked.end(again.id)).state is SnapshotState.COMPLETED


async def test_an_abandoned_snapshot_goes_on_and_is_not_mistaken_for_the_next(crooked: Crooked) -> None:
    """The engine reads its tables first, under the id of the next signal once that has joined."""
    watch, before = crooked.gateway.chain.arrivals.watch(LONG), await crooked.externals()
    [old] = (await crooked.begin("journal")).snapshots
    await crooked.abandon(old.id)

    asked = await crooked.gateway.call(crooked.gateway.request((LONG, "notes"), (LONG, "journal")))

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == dict.fromkeys(("journal", "notes"), TopicSnapshotOutcome.SUCCEEDED)
    await arrived(watch, {LONG.topic("journal"): 80_000, LONG.topic("notes"): 60})
    assert (await crooked.record(old.id)).state is SnapshotState.ABANDONED
    assert await crooked.externals() == before


async def test_an_abandoned_blocking_snapshot_goes_on_and_is_not_mistaken_for_the_next(crooked: Crooked) -> None:
    watch, before = crooked.gateway.chain.arrivals.watch(LONG), await crooked.externals()
    [old] = (await crooked.begin("journal", snapshot_type=SnapshotType.BLOCKING)).snapshots
    await crooked.abandon(old.id)

    request = crooked.gateway.request((LONG, "journal"), (LONG, "notes"), snapshot_type=SnapshotType.BLOCKING)
    asked = await crooked.gateway.call(request)

    ended = await crooked.end(asked.id)
    assert ended.state is SnapshotState.COMPLETED
    assert outcomes(ended) == dict.fromkeys(("journal", "notes"), TopicSnapshotOutcome.SUCCEEDED)
    await arrived(watch, {LONG.topic("journal"): 80_000, LONG.topic("notes"): 60})
    assert await crooked.externals() == before


async def test_a_snapshot_by_hand_that_was_abandoned_takes_its_source_no_more(crooked: Crooked) -> None:
    before = await crooked.externals()
    watch = crooked.gateway.chain.arrivals.watch(LONG)
    await send(crooked.gateway.chain, LONG, execute("public.journal"))
    external = await crooked.external()
    await crooked.abandon(external.id)

    await arrived(watch, {LONG.topic("journal"): 40_000})  # all the while it has told that it is at work

    asked = await crooked.gateway.call(crooked.gateway.request((LONG, "notes")))
    assert (await crooked.end(asked.id)).state is SnapshotState.COMPLETED
    assert await crooked.externals() == before + 1


async def test_without_notifications_the_end_is_seen_in_the_offsets_and_no_success_is_claimed(
    crooked: Crooked,
) -> None:
    watch = crooked.gateway.chain.arrivals.watch(MUTE)
    answered = await crooked.gateway.call(crooked.gateway.request((MUTE, "journal")))
    [snapshot] = answered.snapshots
    assert snapshot.answer
    assert snapshot.answer.kind is AnswerKind.DISPATCHED
    assert "cannot follow this snapshot" in snapshot.answer.message
    assert not snapshot.followed
    await crooked.reached(snapshot.id, SnapshotState.RUNNING)

    ended = await crooked.end(answered.id)

    assert (ended.state, ended.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    assert "Kafka Connect's offsets show" in (ended.message or "")
    assert outcomes(ended) == {"journal": TopicSnapshotOutcome.NOT_REPORTED}
    await arrived(watch, {MUTE.topic("journal"): 40_000})


async def test_without_notifications_a_short_snapshot_frees_its_source_too(crooked: Crooked) -> None:
    """It is over before Kafka Connect writes an offset that shows it."""
    answered = await crooked.gateway.call(crooked.gateway.request((MUTE, "notes")))

    async def ended() -> bool:
        await end_unreported(crooked.gateway.services, TENANT, grace=GRACE, offsets_age=OFFSETS_AGE)
        return (await crooked.gateway.record(answered.id)).snapshots[0].state.is_terminal

    await eventually(ended, END_SECONDS, "the end of a snapshot that nobody tells of")
    assert (await crooked.end(answered.id)).state is SnapshotState.ABANDONED


async def test_without_notifications_a_blocking_snapshot_is_given_up_in_time(crooked: Crooked) -> None:
    request = crooked.gateway.request((MUTE, "notes"), snapshot_type=SnapshotType.BLOCKING)
    answered = await crooked.gateway.call(request)
    impatient = replace(crooked.gateway.services, silence=timedelta(seconds=1))

    async def ended() -> bool:
        await end_unreported(impatient, TENANT)
        return (await crooked.gateway.record(answered.id)).snapshots[0].state.is_terminal

    await eventually(ended, END_SECONDS, "the source to be released")
    given_up = await crooked.end(answered.id)
    assert (given_up.state, given_up.code) == (SnapshotState.ABANDONED, SnapshotErrorCode.END_NOT_REPORTED)
    assert (given_up.message or "").startswith("The source was released after")
