"""A request for a bulk snapshot, and the checks before anything is read or recorded."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from snapshots import filters
from snapshots.errors import FieldPath, InvalidRequestError, RequestError
from snapshots.filters import RowFilter
from snapshots.identifiers import MAX_ID_LENGTH, is_valid_id
from snapshots.texts import is_storable
from snapshots.vocabulary import SnapshotType, UserErrorCode

MAX_TOPICS = 500
MAX_KEY_LENGTH = 255
MAX_REASON_LENGTH = 2000
MAX_FINDINGS = 50
"""How many findings a refusal lists at most, so that an answer stays small."""


@dataclass(frozen=True, slots=True)
class TopicOptions:
    """The options for one topic."""

    topic_id: str
    filter: RowFilter | None = None
    surrogate_key: str | None = None


@dataclass(frozen=True, slots=True)
class BulkSnapshotRequest:
    """A client's request: the topics, and how to snapshot them. `topic_ids` are as sent, including duplicates."""

    topic_ids: tuple[str, ...]
    snapshot_type: SnapshotType = SnapshotType.INCREMENTAL
    options: tuple[TopicOptions, ...] = ()
    idempotency_key: str | None = None
    reason: str | None = None
    verify: bool = False
    """Whether to verify every topic once its snapshot has ended."""
    distinct_ids: tuple[str, ...] = field(init=False)
    """`topic_ids` without duplicates, in order of first appearance."""

    def __post_init__(self) -> None:
        """Remove the duplicates once."""
        object.__setattr__(self, "distinct_ids", tuple(dict.fromkeys(self.topic_ids)))

    @property
    def hash(self) -> bytes:
        """SHA-256 of the meaning: equal for requests that differ only in the order or repetition of ids."""
        meaning: dict[str, object] = {
            "topics": sorted(self.distinct_ids),
            "type": self.snapshot_type,
            "options": sorted((asdict(option) for option in self.options), key=lambda option: str(option["topic_id"])),
        }
        if self.verify:  # absent otherwise, so that requests from before this option existed keep their hash
            meaning["verify"] = True
        return hashlib.sha256(json.dumps(meaning, sort_keys=True).encode()).digest()


def check(request: BulkSnapshotRequest) -> None:
    """Refuse a request that cannot be carried out, whatever the catalogue contains.

    Raises InvalidRequestError with every finding (at most MAX_FINDINGS), each with the path of its field.
    """
    findings = _count_findings(request) or [
        *_id_findings(request.topic_ids, ("topic_ids",)),
        *_option_findings(request),
        *text_findings(request.idempotency_key, request.reason),
    ]
    if findings:
        raise InvalidRequestError(tuple(findings[:MAX_FINDINGS]))


def _count_findings(request: BulkSnapshotRequest) -> list[RequestError]:
    path = ("topic_ids",)
    if not request.topic_ids:
        return [RequestError(UserErrorCode.EMPTY_INPUT, "Name at least one topic.", path)]
    if len(request.topic_ids) > MAX_TOPICS:
        message = f"A request can name at most {MAX_TOPICS} topics; got {len(request.topic_ids)}."
        return [RequestError(UserErrorCode.TOO_MANY_TOPICS, message, path)]
    return []


def _id_findings(ids: Sequence[str], path: FieldPath) -> list[RequestError]:
    message = f"An id must be a text of 1 to {MAX_ID_LENGTH} characters, not blank, without NUL or unpaired surrogates."
    return [
        RequestError(UserErrorCode.INVALID_ID, message, (*path, position))
        for position, one in enumerate(ids)
        if not is_valid_id(one)
    ]


def id_list_findings(ids: Sequence[str], path: FieldPath, what: str, *, most: int) -> list[RequestError]:
    """Return what is wrong with a list of ids of `what`; it must have at least one and at most `most`."""
    if not ids:
        return [RequestError(UserErrorCode.EMPTY_INPUT, f"Name at least one {what}.", path)]
    if len(ids) > most:
        return [
            RequestError(
                UserErrorCode.INVALID_VALUE, f"A request can name at most {most} {what}s; got {len(ids)}.", path
            )
        ]
    return _id_findings(ids, path)[:MAX_FINDINGS]


def _option_findings(request: BulkSnapshotRequest) -> list[RequestError]:
    findings = []
    named = set(request.topic_ids)
    times = Counter(option.topic_id for option in request.options)
    for position, option in enumerate(request.options):
        message, leaf = _option_problem(option, request.snapshot_type, named, times)
        if message:
            path = ("options", position, leaf)
            findings.append(RequestError(UserErrorCode.INVALID_OPTION, message, path))
    return findings


def _option_problem(
    option: TopicOptions, snapshot_type: SnapshotType, named: set[str], times: Counter[str]
) -> tuple[str | None, str]:
    if option.topic_id not in named:
        return "This option is for a topic that the request does not name.", "topic_id"
    if times[option.topic_id] > 1:
        return "This topic has more than one entry in options.", "topic_id"
    if option.surrogate_key is not None:
        if snapshot_type is SnapshotType.BLOCKING:
            return "A blocking snapshot reads the table in one go and takes no surrogate key.", "surrogate_key"
        if not 0 < len(option.surrogate_key) <= filters.MAX_TEXT or not is_storable(option.surrogate_key):
            return "A surrogate key must be the name of a column.", "surrogate_key"
    if option.filter is not None:
        return filters.check(option.filter), "filter"
    return None, ""


def text_findings(key: str | None, reason: str | None) -> list[RequestError]:
    """Return what is wrong with an idempotency key and a reason."""
    findings = []
    if key is not None and not (0 < len(key) <= MAX_KEY_LENGTH and is_storable(key)):
        message = (
            f"An idempotency key must be a text of 1 to {MAX_KEY_LENGTH} characters, without NUL or unpaired "
            "surrogates."
        )
        findings.append(RequestError(UserErrorCode.INVALID_VALUE, message, ("idempotency_key",)))
    if reason is not None and not (len(reason) <= MAX_REASON_LENGTH and is_storable(reason)):
        message = (
            f"A reason must be a text of at most {MAX_REASON_LENGTH} characters, without NUL or unpaired surrogates."
        )
        findings.append(RequestError(UserErrorCode.INVALID_VALUE, message, ("reason",)))
    return findings
