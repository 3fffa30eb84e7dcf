"""The number of a connector's notifications that were set aside because they could not be applied."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """A count of notifications that were set aside; at least one."""

    count: int
    last_failed_at: datetime
    """When Topicsnap tried the latest of them for the last time, by its own clock."""
    last_error: str
    """Why that notification could not be applied: the kind of error and its message, without quoted values."""
    last_place: str
    """The position of that notification on Kafka: `topic/partition@offset`."""

    def cause(self) -> str:
        """Say what happened, as a clause."""
        many = "1 notification" if self.count == 1 else f"{self.count:,} notifications"
        return (
            f"{many} could not be applied, the last at {self.last_failed_at:%Y-%m-%d %H:%M:%S %Z} "
            f"({self.last_place}: {self.last_error})"
        )
