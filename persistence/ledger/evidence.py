"""What showed a change, as the `detail` of the ledger's events has it: the notification, and where it can be read."""

import json

from snapshots.following.notifications import Notification


def describe(notification: Notification) -> dict[str, str | int]:
    """Return what the ledger keeps of `notification`: its kind, the engine's id and time, and its place on Kafka."""
    return {
        "notification": notification.kind.value,
        "id": notification.id,
        "at": notification.at.isoformat(),
        "topic": notification.topic,
        "partition": notification.partition,
        "offset": notification.offset,
    }


def encode(notification: Notification | None) -> str | None:
    """Return the same as JSON, None where it was no notification that showed the change."""
    return None if notification is None else json.dumps(describe(notification))
