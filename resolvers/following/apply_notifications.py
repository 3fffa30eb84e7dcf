"""Updating snapshots from the notifications of their engines."""

from collections.abc import Sequence

from resolvers.requesting.sending import send_next
from resolvers.services import Services
from snapshots.following.notifications import Notification


async def apply_notifications(
    services: Services, tenant_id: str, cluster_id: str, batch: Sequence[Notification]
) -> None:
    """Apply `batch`, read from one cluster's notification topics in the order of their offsets.

    Everything is written when it returns, so offsets may be committed then; applying a batch again changes nothing. If
    a signal has ended, the source snapshot's next signal is sent. Raises DatabaseError.
    """
    if not batch:
        return
    now = services.clock()
    lease_until = services.dispatcher.lease_until(now, len(batch))
    due = await services.ledger.following.apply(
        tenant_id, cluster_id, batch, at=now, lease_until=lease_until, silence=services.silence
    )
    if due:
        # In the background: a slow channel must not delay the notifications of other connectors.
        services.background.start(send_next(services, tenant_id, due))
