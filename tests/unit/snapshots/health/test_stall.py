"""A silent snapshot: since when, and the likeliest cause first."""

from dataclasses import replace
from datetime import timedelta

import pytest

from snapshots.channels import SignalChannelKind
from snapshots.health.findings import HealthCheck, Severity
from snapshots.health.stall import stall_causes, stalled_since
from snapshots.ports.inspector import InspectedReading, InspectedTopic
from snapshots.ports.snapshot_probe import OffsetsReport
from snapshots.ports.unknown import Unknown
from snapshots.records import SourceSnapshotRecord
from snapshots.states import SignalState, SnapshotState
from snapshots.vocabulary import ConnectorState, SnapshotType
from tests.support.ward import (
    NOW,
    connector,
    database,
    kafka,
    observed,
    record,
    settings,
    signal,
    signal_table,
)

LIMIT = timedelta(minutes=10)
LONG_AGO = NOW - timedelta(hours=1)
JUST_NOW = NOW - timedelta(minutes=9)
C = HealthCheck


class TestSince:
    """No start, or no progress, for longer than the limit."""

    def test_a_snapshot_that_does_not_start_is_silent_since_its_dispatch(self) -> None:
        assert stalled_since(record(SnapshotState.DISPATCHED, dispatched_at=LONG_AGO), NOW, LIMIT) == LONG_AGO
        assert stalled_since(record(SnapshotState.DISPATCHED, dispatched_at=JUST_NOW), NOW, LIMIT) is None
        assert stalled_since(record(SnapshotState.DISPATCHED, dispatched_at=NOW - LIMIT), NOW, LIMIT) is None

    def test_a_running_one_since_its_last_progress(self) -> None:
        started = NOW - timedelta(minutes=50)
        running = record(SnapshotState.RUNNING, dispatched_at=LONG_AGO, started_at=started)
        assert stalled_since(running, NOW, LIMIT) == started
        assert stalled_since(replace(running, progressed_at=JUST_NOW), NOW, LIMIT) is None

    def test_the_next_signal_is_a_sign_of_life(self) -> None:
        running = record(
            SnapshotState.RUNNING,
            signal(sent_at=LONG_AGO, state=SignalState.ENDED),
            signal(sent_at=JUST_NOW, position=1),
            dispatched_at=LONG_AGO,
            started_at=LONG_AGO,
            progressed_at=LONG_AGO,
        )
        assert stalled_since(running, NOW, LIMIT) is None

    @pytest.mark.parametrize(
        "state", [state for state in SnapshotState if state not in {SnapshotState.DISPATCHED, SnapshotState.RUNNING}]
    )
    def test_no_other_state_stalls(self, state: SnapshotState) -> None:
        assert stalled_since(record(state, dispatched_at=LONG_AGO, started_at=LONG_AGO), NOW, LIMIT) is None


UNSTARTED = record(SnapshotState.DISPATCHED, signal("prefix-src_1-signal/0@7"))
STANDING = record(SnapshotState.RUNNING, signal("prefix-src_1-signal/0@7"), started_at=LONG_AGO)


class TestCauses:
    """What is looked at explains the silence, or it is said that nothing does."""

    def test_a_dead_reading_of_signals_is_proved_by_the_offset(self) -> None:
        reading = InspectedReading(committed=7, unread=7, unread_since=NOW)
        first, *_ = stall_causes(UNSTARTED, observed(kafka=kafka(reading=reading)))
        assert (first.code, first.severity) == (C.SIGNAL_READING, Severity.ERROR)
        assert "offset 7" in first.message

    def test_the_poison_is_named(self) -> None:
        reading = InspectedReading(committed=5, poison=(5,), unread=5, unread_since=NOW)
        first, *_ = stall_causes(UNSTARTED, observed(kafka=kafka(reading=reading)))
        assert "offset 5" in first.message
        assert "no JSON object" in first.message
        assert first.remedy
        assert "Restart the connector's task" in first.remedy

    def test_a_signal_that_was_read_proves_nothing(self) -> None:
        causes = stall_causes(UNSTARTED, observed(kafka=kafka(reading=InspectedReading(committed=8))))
        assert [one.code for one in causes] == [C.UNEXPLAINED]

    def test_nor_does_one_that_has_begun(self) -> None:
        standing = replace(STANDING, progressed_at=NOW - timedelta(minutes=30))
        causes = stall_causes(standing, observed(kafka=kafka(reading=InspectedReading(committed=7))))
        assert [one.code for one in causes] == [C.UNEXPLAINED]

    def test_but_the_next_signal_of_one_that_has_begun_may_be_unread(self) -> None:
        sent = NOW - timedelta(minutes=20)
        second = replace(STANDING, signals=(signal(sent_at=sent),), progressed_at=NOW - timedelta(minutes=30))
        causes = stall_causes(second, observed(kafka=kafka(reading=InspectedReading(committed=7))))
        assert [one.code for one in causes] == [C.SIGNAL_READING]

    def test_a_connector_that_does_not_run_comes_before_all_else(self) -> None:
        seen = observed(
            connector=connector(settings(channels=("kafka",)), state=ConnectorState.FAILED),
            kafka=kafka(signal_topic=InspectedTopic(4), reading=InspectedReading(committed=5, poison=(5,))),
        )
        causes = [one.code for one in stall_causes(UNSTARTED, seen)]
        assert causes[:3] == [C.CONNECTOR_STATE, C.SIGNAL_READING, C.SIGNAL_CHANNELS]
        assert C.SIGNAL_TOPIC_PARTITIONS in causes

    def test_a_snapshot_that_stands_still_has_its_watermarks_looked_at_first(self) -> None:
        seen = observed(
            connector=connector(settings(channels=("kafka",), topic_prefix="other")),
            database=database(signal_table(published=False), in_recovery=True),
        )
        causes = [one.code for one in stall_causes(STANDING, seen)]
        assert causes[:3] == [C.SIGNAL_CHANNELS, C.DATABASE, C.SIGNAL_TABLE_CAPTURED]
        assert "hangs forever" in stall_causes(STANDING, seen)[0].message

    def test_offsets_without_the_snapshot_that_began_say_that_it_is_lost(self) -> None:
        [only] = stall_causes(STANDING, observed(), OffsetsReport())
        assert (only.code, only.severity) == (C.SNAPSHOT_LOST, Severity.WARNING)
        assert only.remedy
        assert "abandonSnapshots" in only.remedy

    @pytest.mark.parametrize(
        ("one", "sight"),
        [
            pytest.param(STANDING, OffsetsReport("sig_1"), id="it is there"),
            pytest.param(STANDING, None, id="offsets cannot be read"),
            pytest.param(UNSTARTED, OffsetsReport(), id="it did not begin"),
            pytest.param(replace(STANDING, snapshot_type=SnapshotType.BLOCKING), OffsetsReport(), id="a blocking one"),
        ],
    )
    def test_otherwise_they_prove_nothing(self, one: SourceSnapshotRecord, sight: OffsetsReport | None) -> None:
        assert C.SNAPSHOT_LOST not in {cause.code for cause in stall_causes(one, observed(), sight)}

    def test_a_version_with_bugs_is_no_cause_and_what_is_not_known_comes_last(self) -> None:
        seen = observed(connector=connector(version="3.2.0", uncaptured=("public.a",)), database=Unknown("No answer."))
        causes = stall_causes(UNSTARTED, seen)
        assert [one.code for one in causes] == [C.CAPTURED_TABLES, C.DATABASE]
        assert causes[-1].severity is Severity.UNKNOWN

    def test_a_connector_without_notifications_says_nothing_of_itself(self) -> None:
        seen = observed(connector=connector(settings(notifies=False, notification_topic=None)))
        assert stall_causes(UNSTARTED, seen)[0].code is C.NOTIFICATIONS

    def test_nothing_found_is_said_and_a_large_table_is_a_reason(self) -> None:
        blocking = replace(STANDING, snapshot_type=SnapshotType.BLOCKING)
        [only] = stall_causes(blocking, observed())
        assert (only.code, only.severity) == (C.UNEXPLAINED, Severity.INFO)
        assert "large table" in only.message

    @pytest.mark.parametrize("destination", [None, "", "public.debezium_signal", "found in its channel", "t/0@x"])
    def test_a_signal_without_an_offset_is_no_proof(self, destination: str | None) -> None:
        one = record(SnapshotState.DISPATCHED, signal(destination))
        assert [cause.code for cause in stall_causes(one, observed())] == [C.UNEXPLAINED]

    def test_nor_is_one_in_the_signal_table(self) -> None:
        one = record(SnapshotState.DISPATCHED, signal("t/0@7", channel=SignalChannelKind.SOURCE_TABLE))
        assert [cause.code for cause in stall_causes(one, observed())] == [C.UNEXPLAINED]
