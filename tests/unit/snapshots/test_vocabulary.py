"""The words of the core: what is sent to engines and kept in the ledger is spelled as its name, and what they imply."""

from enum import StrEnum

import pytest

from snapshots import vocabulary as kinds
from snapshots.vocabulary import ConnectorState, SnapshotType, TopicSnapshotOutcome

SETS = [kind for kind in vars(kinds).values() if isinstance(kind, type) and issubclass(kind, StrEnum)]


@pytest.mark.parametrize("words", [kind for kind in SETS if kind is not StrEnum], ids=lambda kind: kind.__name__)
def test_a_word_is_spelled_as_its_name(words: type[StrEnum]) -> None:
    assert {word.name for word in words} == {word.value for word in words}


def test_snapshot_types_are_those_of_debezium_that_can_be_asked_for() -> None:
    assert {str(kind) for kind in SnapshotType} == {"INCREMENTAL", "BLOCKING"}


@pytest.mark.parametrize(
    ("state", "reads"),
    [
        (ConnectorState.RUNNING, True),
        (ConnectorState.RESTARTING, True),
        (ConnectorState.UNASSIGNED, True),
        (ConnectorState.UNKNOWN, True),
        (ConnectorState.PAUSED, False),
        (ConnectorState.STOPPED, False),
        (ConnectorState.FAILED, False),
    ],
)
def test_connectors_that_read_signals(state: ConnectorState, *, reads: bool) -> None:
    assert state.reads_signals is reads


def test_every_connector_state_was_thought_of() -> None:
    assert len(ConnectorState) == 7


def test_a_scan_succeeds_where_every_row_was_read() -> None:
    assert {outcome.value for outcome in TopicSnapshotOutcome if outcome.is_success} == {"SUCCEEDED", "EMPTY"}
