"""Failed scans of tables, and the restart of the connector's task that must follow. Pure.

If the scan of a table ends in SQL_EXCEPTION, Debezium keeps the rows of the half-read chunk. They come out on the topic
of the next table that is read incrementally, reported as SUCCEEDED, until the task is restarted (seen on 3.6.3,
docs/debezium.md, "Errors that spread"). Nobody can tell from outside which errors leave rows behind, so all count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import quote

from snapshots.errors import InvalidRequestError, RequestError
from snapshots.following.notifications import Notification, NotificationKind
from snapshots.model import SourceConnector
from snapshots.plan import Refusal
from snapshots.requesting.request import id_list_findings, text_findings
from snapshots.restart_requirement import RestartRequirement
from snapshots.signalling.outcomes import is_scan_error
from snapshots.vocabulary import SnapshotErrorCode, UserErrorCode

MAX_SOURCES = 500


def remedy(source: SourceConnector) -> str:
    """Return what to do about the requirement of `source`."""
    path = f"/connectors/{quote(source.name, safe='')}/restart?includeTasks=true"
    return (
        f"Restart the connector with its task (POST {path} to Kafka Connect); Topicsnap notices the restart by "
        "itself. If you know that no row was left behind, use `clearRestartRequirements` and give a reason."
    )


def refusal(source: SourceConnector, requirement: RestartRequirement) -> Refusal:
    """Return why `source` takes no incremental snapshot, and what to do about it."""
    message = (
        f"Connector {source.name} needs a restart: {requirement.cause()}. Rows that it left behind could appear "
        f"on the topic of the next table. {remedy(source)}"
    )
    return Refusal(SnapshotErrorCode.RESTART_REQUIRED, message, retryable=True)


@dataclass(frozen=True, slots=True)
class ScanNews:
    """What a batch of one connector's notifications, in the order of events, says about failed scans."""

    failures: tuple[Notification, ...] = ()
    """The scans that failed, in order."""
    start: Notification | None = None
    """The last start of the connector's task."""
    cleared: int = 0
    """How many of `failures`, counted from the first, came before `start`."""


def scan_news(notifications: Iterable[Notification]) -> ScanNews:
    """Return what `notifications` of one connector say about failed scans and starts of its task."""
    failures: list[Notification] = []
    start, cleared = None, 0
    for one in notifications:
        if one.incremental and one.kind is NotificationKind.TABLE_SCAN_COMPLETED and is_scan_error(one.status):
            failures.append(one)
        elif one.kind is NotificationKind.SKIPPED and not one.incremental:
            # Each start of a task that takes no initial snapshot tells of one that it skipped.
            start, cleared = one, len(failures)
    return ScanNews(tuple(failures), start, cleared)


class ClearErrorCode(StrEnum):
    """Why a restart requirement was not cleared."""

    NOT_FOUND = "NOT_FOUND"


@dataclass(frozen=True, slots=True)
class ClearRequest:
    """An operator's request to override the restart requirements of these connectors, and the reason."""

    source_ids: tuple[str, ...]
    """As sent, including duplicates."""
    reason: str
    distinct_ids: tuple[str, ...] = field(init=False)
    """`source_ids` without duplicates, in order of first appearance."""

    def __post_init__(self) -> None:
        """Remove the duplicates once."""
        object.__setattr__(self, "distinct_ids", tuple(dict.fromkeys(self.source_ids)))


def check(request: ClearRequest) -> None:
    """Raise InvalidRequestError for a request that cannot be carried out, with every finding (at most 50)."""
    findings: Sequence[RequestError] = [
        *id_list_findings(request.source_ids, ("source_ids",), "source", most=MAX_SOURCES),
        *text_findings(None, request.reason),
    ]
    if not request.reason.strip():
        message = "Give the reason why this is safe; the reason is recorded."
        findings = [*findings, RequestError(UserErrorCode.EMPTY_INPUT, message, ("reason",))]
    if findings:
        raise InvalidRequestError(tuple(findings))
