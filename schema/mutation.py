"""The root of all mutations: each turns its input into a domain request and calls its resolver."""

from typing import Annotated

import strawberry

from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.following.abandon_snapshots import abandon_snapshots
from resolvers.following.clear_restart_requirements import clear_restart_requirements
from resolvers.requesting.bulk_snapshot import bulk_snapshot_topics
from resolvers.requesting.retry_bulk_snapshot import retry_bulk_snapshot
from resolvers.verification.verify_snapshot import verify_snapshot
from schema.catalog.sync_catalog import SyncCatalogInput, SyncCatalogPayload
from schema.context import Info
from schema.fields import computed
from schema.following.abandon_snapshots import AbandonSnapshotsInput, AbandonSnapshotsPayload
from schema.following.clear_restart_requirements import ClearRestartRequirementsInput, ClearRestartRequirementsPayload
from schema.requesting.bulk_snapshot_topics import BulkSnapshotTopicsPayload
from schema.requesting.inputs import BulkSnapshotTopicsInput
from schema.requesting.retry_bulk_snapshot import RetryBulkSnapshotInput
from schema.verification.verify_snapshot import VerifySnapshotInput, VerifySnapshotPayload
from snapshots.errors import RequestError


@strawberry.type(description="What can be done. What a caller can foresee and put right is data, in `userErrors`.")
class Mutation:
    """Writes."""

    @computed(
        "Snapshot the selected topics: find the source connectors that write them, and signal each of them "
        "for just those topics, all at once. One source that fails does not stop the others."
    )
    async def bulk_snapshot_topics(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 (the contract's name)
            BulkSnapshotTopicsInput, strawberry.argument(description="The topics, and how to snapshot them.")
        ],
    ) -> BulkSnapshotTopicsPayload:
        """Carry out the request, or say what is wrong with it."""
        context = info.context
        try:
            record = await bulk_snapshot_topics(context.services, context.principal, input.to_domain())
        except RequestError as error:
            return BulkSnapshotTopicsPayload.refused(error, input.client_mutation_id)
        context.loaders.bulk_snapshots.prime(record.id, record, force=True)
        return BulkSnapshotTopicsPayload.from_domain(record, input.client_mutation_id)

    @computed(
        "Give up source snapshots of which nothing more is expected, and release their sources for new ones. The "
        "engine is told nothing: what it still reads arrives all the same. Each id is abandoned or refused by "
        "itself, and to abandon again changes nothing."
    )
    async def abandon_snapshots(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            AbandonSnapshotsInput, strawberry.argument(description="The snapshots, and why.")
        ],
    ) -> AbandonSnapshotsPayload:
        """Abandon them, or say what is wrong with the request."""
        context = info.context
        try:
            answers = await abandon_snapshots(context.services, context.principal, input.to_domain())
        except RequestError as error:
            return AbandonSnapshotsPayload.refused(error, input.client_mutation_id)
        return AbandonSnapshotsPayload.from_domain(answers, input.client_mutation_id)

    @computed(
        "Dispatch again what failed of a bulk snapshot and may succeed now, as a new bulk snapshot with `retryOf`: "
        "source snapshots that failed for a reason that can pass or were abandoned, and the failed topics of those "
        "that completed in part, with filters, surrogate keys and type as before and routes by the catalogue of now. "
        "What a retry has taken up already is left out."
    )
    async def retry_bulk_snapshot(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            RetryBulkSnapshotInput, strawberry.argument(description="What to dispatch again.")
        ],
    ) -> BulkSnapshotTopicsPayload:
        """Carry out the retry, or say what is wrong with it."""
        context = info.context
        try:
            record = await retry_bulk_snapshot(context.services, context.principal, input.to_domain())
        except RequestError as error:
            return BulkSnapshotTopicsPayload.refused(error, input.client_mutation_id)
        context.loaders.bulk_snapshots.prime(record.id, record, force=True)
        return BulkSnapshotTopicsPayload.from_domain(record, input.client_mutation_id)

    @computed(
        "Have a worker verify that every row of the source has arrived, for every topic of a snapshot, once it has "
        "ended. A loss can be proved only where `verify` was asked for together with the snapshot."
    )
    async def verify_snapshot(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            VerifySnapshotInput, strawberry.argument(description="The snapshot.")
        ],
    ) -> VerifySnapshotPayload:
        """Take the request, or say what is wrong with it."""
        context = info.context
        try:
            records = await verify_snapshot(context.services, context.principal, input.snapshot_id)
        except RequestError as error:
            return VerifySnapshotPayload.refused(error, input.client_mutation_id)
        for record in records:
            context.loaders.source_snapshots.prime(record.id, record, force=True)
        return VerifySnapshotPayload.from_domain(records, input.client_mutation_id)

    @computed(
        "Let source connectors take incremental snapshots again although a table failed in mid-scan and their task was "
        "not restarted since (RESTART_REQUIRED). For somebody who knows that no row was left behind; else restart the "
        "task, whose start is seen without this. To clear again changes nothing."
    )
    async def clear_restart_requirements(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            ClearRestartRequirementsInput, strawberry.argument(description="The source connectors, and why.")
        ],
    ) -> ClearRestartRequirementsPayload:
        """Clear them, or say what is wrong with the request."""
        context = info.context
        try:
            answers = await clear_restart_requirements(context.services, context.principal, input.to_domain())
        except RequestError as error:
            return ClearRestartRequirementsPayload.refused(error, input.client_mutation_id)
        context.loaders.restart_requirements.clear_all()
        return ClearRestartRequirementsPayload.from_domain(answers, input.client_mutation_id)

    @computed(
        "Read Kafka Connect and the source databases again, and bring the catalogue up to date. What cannot be read, a "
        "source database or a whole cluster, is named in `unreadable` and kept as it was; the others are synchronised."
    )
    async def sync_catalog(
        self,
        info: Info,
        input: Annotated[  # noqa: A002
            SyncCatalogInput, strawberry.argument(description="What to read, and whether only to tell.")
        ],
    ) -> SyncCatalogPayload:
        """Synchronize, or say what is in the way."""
        context = info.context
        try:
            result = await sync_catalog(context.services, context.principal, input.cluster_id, dry_run=input.dry_run)
        except RequestError as error:
            return SyncCatalogPayload.refused(error, input)
        return SyncCatalogPayload.from_domain(result, input)
