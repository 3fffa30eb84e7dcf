"""Setting aside notifications that cannot be applied, and reporting how many there are."""

import logging

from resolvers.services import Services
from snapshots.following.dead_letters import DeadLetter

logger = logging.getLogger(__name__)


async def set_aside(services: Services, tenant_id: str, letter: DeadLetter) -> None:
    """Record `letter` as a dead letter and move past its position, so that the notifications after it are followed.

    Setting it aside again changes nothing. Raises DatabaseError.
    """
    if await services.ledger.dead_letters.add(tenant_id, letter):
        services.telemetry.notification_set_aside()
        logger.error(
            "a notification could not be applied in %d attempts and is now a dead letter: %s: %s",
            letter.attempts,
            letter.error_class,
            letter.error_message,
            extra={"place": letter.place, "prefix": letter.notification.prefix},
        )


async def tell_dead_letters(services: Services, tenant_id: str) -> str | None:
    """Return a sentence about the tenant's dead letters, or None if there are none. Raises DatabaseError."""
    count = await services.ledger.dead_letters.count(tenant_id)
    if not count:
        return None
    many = "1 notification" if count == 1 else f"{count:,} notifications"
    return f"{many} could not be applied; `topicsnap doctor` names the connectors"
