"""The parts of a plan: a job for each source with its signals, and a skip for each topic that is not sent."""

from dataclasses import dataclass, replace

from snapshots.filters import RowFilter
from snapshots.model import SourceConnector, Topic
from snapshots.vocabulary import SkipReason, SnapshotErrorCode


@dataclass(frozen=True, slots=True)
class TopicRequest:
    """One topic of a job: its route, and how it is to be snapshotted."""

    topic: Topic
    data_collection: str
    filter: RowFilter | None = None
    surrogate_key: str | None = None


@dataclass(frozen=True, slots=True)
class SignalDraft:
    """An `execute-snapshot` signal as it will be sent, except for its id: `data` is the exact JSON text."""

    data: str
    topics: tuple[TopicRequest, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a source certainly does not take its part: nothing reached the engine."""

    code: SnapshotErrorCode
    message: str
    retryable: bool


@dataclass(frozen=True, slots=True)
class SourceJob:
    """Everything that is asked of one source. If it has a `refusal`, it is recorded as failed and nothing is sent."""

    source: SourceConnector
    topics: tuple[TopicRequest, ...]
    signals: tuple[SignalDraft, ...]
    refusal: Refusal | None = None
    warning: str | None = None
    """A problem that does not stop the dispatch, such as a connector state that could not be read."""

    def refused(self, refusal: Refusal) -> "SourceJob":
        """Return the job with `refusal`; a job that is already refused keeps its first refusal."""
        return self if self.refusal else replace(self, refusal=refusal)


@dataclass(frozen=True, slots=True)
class Finding:
    """Why a topic must not be sent, as a check of its source's database showed."""

    reason: SkipReason
    message: str


@dataclass(frozen=True, slots=True)
class Skip:
    """A topic that is sent to no source."""

    topic_id: str
    topic: Topic | None
    reason: SkipReason
    message: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Every distinct topic id of the request is in exactly one job or in exactly one skip.

    `jobs` are in order of the first appearance of their sources, topics and skips in the order of the input.
    """

    jobs: tuple[SourceJob, ...]
    skips: tuple[Skip, ...]
