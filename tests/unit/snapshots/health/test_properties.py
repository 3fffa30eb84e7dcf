"""Whatever is observed, the rules say something sensible of it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from snapshots.channels import SignalChannelKind
from snapshots.health.connector import parse_version
from snapshots.health.findings import HealthCheck, Severity
from snapshots.health.rules import assess, troubles
from snapshots.health.stall import silent_since, stall_causes, stalled_since
from snapshots.ports.inspector import (
    ConnectorSettings,
    InspectedColumn,
    InspectedConnector,
    InspectedDatabase,
    InspectedKafka,
    InspectedReading,
    InspectedSignalling,
    InspectedSignalTable,
    InspectedSlot,
    InspectedTopic,
)
from snapshots.ports.unknown import Unknown
from snapshots.states import SnapshotState
from snapshots.vocabulary import ConnectorState, Dialect
from tests.support.ward import NOW, record, signal, source

NAMES = st.sampled_from(["a", "prefix-src_1", "public.debezium_signal", "notifications", "prefix-src_1-signal"])
SOME = st.lists(NAMES, max_size=8).map(tuple)
UNKNOWN = st.just(Unknown("Not told."))
COUNTS = st.integers(0, 10**6)

SETTINGS = st.builds(
    ConnectorSettings,
    dialect=st.sampled_from(Dialect),
    topic_prefix=st.none() | NAMES,
    channels=st.lists(st.sampled_from(["source", "kafka", "jmx", "file"]), unique=True).map(tuple),
    signal_collection=st.none() | NAMES,
    signal_topic=st.none() | NAMES,
    has_signal_bootstrap=st.booleans(),
    read_only=st.booleans(),
    deletes_watermarks=st.booleans(),
    notifies=st.booleans(),
    notification_topic=st.none() | NAMES,
    slot=st.none() | NAMES,
)
CONNECTORS = st.builds(
    InspectedConnector,
    state=st.sampled_from(ConnectorState),
    trace=st.none() | NAMES,
    version=st.none() | st.from_regex(r"[0-9]\.[0-9]{1,2}(\.[0-9])?(\.Final)?", fullmatch=True),
    settings=SETTINGS,
    group_sharers=SOME,
    topic_sharers=SOME,
    signal_table_captured=st.none() | st.booleans(),
    uncaptured=SOME,
)
TABLES = st.builds(
    InspectedSignalTable,
    columns=st.lists(
        st.builds(
            InspectedColumn,
            name=st.sampled_from(["id", "type", "data", "more"]),
            type=st.sampled_from(["text", "character varying", "bigint", "uuid", "jsonb"]),
            length=st.none() | st.integers(1, 5000),
            not_null=st.booleans(),
        ),
        max_size=5,
    ).map(tuple),
    primary_key=SOME,
    rows=st.none() | COUNTS,
    lacking=st.lists(st.sampled_from(["USAGE", "INSERT", "SELECT", "DELETE"]), unique=True).map(tuple),
    connector_lacking=UNKNOWN | SOME,
    published=st.none() | st.booleans(),
)
DATABASES = st.builds(
    InspectedDatabase,
    version=st.integers(9, 18),
    in_recovery=st.booleans(),
    read_only=st.booleans(),
    signal_table=st.none() | TABLES,
    publication_exists=st.none() | st.booleans(),
    slot=st.none() | st.builds(InspectedSlot, active=st.booleans(), wal_status=st.none() | st.just("lost")),
    missing=SOME,
    unpublished=SOME,
)
TOPICS = st.builds(
    InspectedTopic,
    partitions=st.integers(1, 9),
    retention_ms=st.none() | st.integers(-1, 2**63 - 1),
    cleanup_policy=st.none() | st.sampled_from(["delete", "compact", "compact,delete"]),
)
READINGS = st.builds(
    InspectedReading,
    committed=st.none() | COUNTS,
    poison=st.lists(COUNTS, max_size=3).map(tuple),
    unread=st.none() | COUNTS,
    unread_since=st.none() | st.just(NOW - timedelta(hours=1)),
)
KAFKAS = st.builds(
    InspectedKafka,
    signal_topic=st.none() | TOPICS,
    notification_topic=st.none() | TOPICS,
    reading=UNKNOWN | READINGS,
)
OBSERVED = st.builds(
    InspectedSignalling,
    source=st.sampled_from([None, *SignalChannelKind]).map(source),
    observed_at=st.just(NOW),
    connector=st.none() | UNKNOWN | CONNECTORS,
    kafka=st.none() | UNKNOWN | KAFKAS,
    database=st.none() | UNKNOWN | DATABASES,
)


@given(OBSERVED)
def test_each_check_is_told_once_with_words_and_the_worst_first(seen: InspectedSignalling) -> None:
    findings = assess(seen)
    assert findings
    # The signal table can be another one than the catalogue has, and be there all the same.
    twice = [one.code for one in findings if one.code is not HealthCheck.SIGNAL_TABLE]
    assert len(twice) == len(set(twice))
    order = [Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK]
    ranks = [order.index(one.severity) for one in findings]
    assert ranks == sorted(ranks)
    for one in findings:
        assert one.subject
        assert one.message
        assert one.remedy or one.severity in {Severity.OK, Severity.INFO, Severity.UNKNOWN}
        assert "None" not in one.message
    assert set(troubles(findings)) <= set(findings)


@given(OBSERVED)
def test_a_source_that_nothing_is_known_of_is_never_called_well(seen: InspectedSignalling) -> None:
    if not isinstance(seen.connector, InspectedConnector):
        assert any(one.is_trouble for one in assess(seen))


@given(OBSERVED, st.sampled_from([SnapshotState.DISPATCHED, SnapshotState.RUNNING]), COUNTS)
def test_a_stall_always_has_something_to_be_said_of_it(
    seen: InspectedSignalling, state: SnapshotState, offset: int
) -> None:
    causes = stall_causes(record(state, signal(f"topic/0@{offset}")), seen)
    assert causes
    assert not [one for one in causes if one.severity is Severity.OK]
    assert set(causes[1:]).isdisjoint({causes[0]})


MOMENTS = st.none() | st.integers(0, 10_000).map(lambda minutes: NOW - timedelta(minutes=minutes))


@given(st.sampled_from(SnapshotState), MOMENTS, MOMENTS, MOMENTS, MOMENTS, st.integers(1, 10_000))
def test_a_stall_begins_with_the_last_sign_of_life(
    state: SnapshotState,
    dispatched: object,
    started: object,
    progressed: object,
    sent: object,
    minutes: int,
) -> None:
    one = record(state, signal(sent_at=sent), dispatched_at=dispatched, started_at=started, progressed_at=progressed)
    limit = timedelta(minutes=minutes)
    since = stalled_since(one, NOW, limit)
    if state not in {SnapshotState.DISPATCHED, SnapshotState.RUNNING}:
        assert since is None
    elif since is not None:
        assert since == silent_since(one)
        assert NOW - since > limit
        signs = (dispatched, sent, started, progressed) if state is SnapshotState.RUNNING else (dispatched, sent)
        assert since in signs
    else:
        last = silent_since(one)
        assert last is None or NOW - last <= limit


@given(st.text(max_size=20))
def test_any_text_can_be_a_version(text: str) -> None:
    numbers = parse_version(text)
    assert numbers is None or 0 < len(numbers) <= 3
