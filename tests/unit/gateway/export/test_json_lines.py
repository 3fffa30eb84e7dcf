"""Lines of the export: what the caller was told, by the kinds that GraphQL has for it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from gateway.export.json_lines import filter_value, json_line
from snapshots.audit import AuditedBulkSnapshot
from snapshots.records import AnswerKind, BulkSnapshotRecord, SourceAnswer, SourceSnapshotRecord
from snapshots.states import SnapshotState
from snapshots.vocabulary import SnapshotErrorCode, SnapshotType
from tests.support.factories import make_filter, make_source

NOW = datetime(2026, 5, 17, 9, 30, tzinfo=UTC)


def exported(answer: SourceAnswer | None, retry_of: str | None = None) -> dict[str, Any]:
    snapshot = SourceSnapshotRecord(
        "snap_1",
        "bulk_1",
        make_source(),
        SnapshotType.INCREMENTAL,
        SnapshotState.FAILED,
        None,
        None,
        answer,
        (),
        (),
        NOW,
        None,
        None,
        None,
    )
    record = BulkSnapshotRecord(
        "bulk_1",
        "default",
        SnapshotType.INCREMENTAL,
        "ada",
        NOW,
        None,
        None,
        b"",
        answer is not None,
        (snapshot,),
        (),
        retry_of,
    )
    line: dict[str, Any] = orjson.loads(json_line(AuditedBulkSnapshot(record, "bulkSnapshotTopics", ())))
    return line


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (None, []),
        (
            SourceAnswer(AnswerKind.DISPATCHED, "It is out."),
            [{"__typename": "SourceSnapshotDispatched", "success": True, "message": "It is out."}],
        ),
        (
            SourceAnswer(AnswerKind.UNCONFIRMED, "Who knows.", SnapshotErrorCode.DISPATCH_TIMEOUT),
            [
                {
                    "__typename": "SourceSnapshotUnconfirmed",
                    "success": False,
                    "message": "Who knows.",
                    "code": "DISPATCH_TIMEOUT",
                    "retryable": False,
                }
            ],
        ),
        (
            SourceAnswer(AnswerKind.FAILED, "No.", SnapshotErrorCode.SIGNAL_REJECTED, retryable=True),
            [
                {
                    "__typename": "SourceSnapshotFailed",
                    "success": False,
                    "message": "No.",
                    "code": "SIGNAL_REJECTED",
                    "retryable": True,
                }
            ],
        ),
    ],
    ids=["nothing yet", "dispatched", "unconfirmed", "failed"],
)
def test_what_the_caller_was_told(answer: SourceAnswer | None, told: list[dict[str, object]]) -> None:
    expected = [{"id": "src_1", "snapshot": {"id": "snap_1"}, **one} for one in told]
    assert exported(answer)["results"] == expected


def test_a_retry_names_what_it_repeats() -> None:
    assert exported(None, "bulk_0")["retryOf"] == {"id": "bulk_0"}
    assert exported(None)["retryOf"] is None


def test_a_filter_is_written_as_it_is_asked_for() -> None:
    assert filter_value(None) is None
    assert filter_value(make_filter()) == {"all": [{"column": "amount", "operator": "EQ", "values": ["10"]}]}
