"""How many notifications of a connector were set aside, because they could not be applied."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """The notifications that were set aside, counted; at least one."""

    count: int
    last_failed_at: datetime
    """When the latest of them was tried for the last time, by Topicsnap's clock."""
    last_error: str
    """Why that one could not be applied: the kind of error and its message, without quoted values."""
    last_place: str
    """Where that one is on Kafka: `topic/partition@offset`."""

    def cause(self) -> str:
        """Say what happened, as a clause."""
        many = "1 notification" if self.count == 1 else f"{self.count:,} notifications"
        return (
            f"{many} could not be applied, the last at {self.last_failed_at:%Y-%m-%d %H:%M:%S %Z} "
            f"({self.last_place}: {self.last_error})"
        )
