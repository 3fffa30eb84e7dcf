"""A source that is well has nothing but good findings; each illness has its own, of the right severity."""

from dataclasses import replace
from datetime import timedelta

import pytest

from snapshots.channels import SignalChannelKind
from snapshots.health.findings import HealthCheck, Severity
from snapshots.health.rules import assess
from snapshots.ports.inspector import (
    InspectedColumn,
    InspectedReading,
    InspectedSignalling,
    InspectedSlot,
    InspectedTopic,
)
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorState, Dialect
from tests.support.ward import (
    NOW,
    TABLE,
    connector,
    database,
    finding,
    kafka,
    observed,
    settings,
    signal_table,
    source,
    troubles,
)

ERROR, WARNING, UNKNOWN, INFO, OK = Severity.ERROR, Severity.WARNING, Severity.UNKNOWN, Severity.INFO, Severity.OK
C = HealthCheck


def test_a_source_that_is_well_has_good_findings_only() -> None:
    findings = assess(observed())
    assert {one.severity for one in findings} == {OK}
    assert len(findings) == len({one.code for one in findings}) == 19


def column(name: str, kind: str = "text", length: int | None = None, *, not_null: bool = False) -> InspectedColumn:
    return InspectedColumn(name, kind, length, not_null=not_null)


def columns(*given: InspectedColumn) -> InspectedSignalling:
    return observed(database=database(signal_table(columns=given)))


def configured(**more: object) -> InspectedSignalling:
    return observed(connector=connector(settings(**more)))


ILLNESSES = {
    "kafka connect away": (observed(connector=Unknown("No answer.")), C.KAFKA_CONNECT, UNKNOWN),
    "no such connector": (observed(connector=None), C.CONNECTOR_STATE, ERROR),
    "paused": (observed(connector=connector(state=ConnectorState.PAUSED)), C.CONNECTOR_STATE, ERROR),
    "failed": (observed(connector=connector(state=ConnectorState.FAILED, trace="boom")), C.CONNECTOR_STATE, ERROR),
    "restarting": (observed(connector=connector(state=ConnectorState.RESTARTING)), C.CONNECTOR_STATE, WARNING),
    "old version": (observed(connector=connector(version="3.2.1.Final")), C.CONNECTOR_VERSION, WARNING),
    "unknown version": (observed(connector=connector(version=None)), C.CONNECTOR_VERSION, UNKNOWN),
    "snapshot mode always": (configured(snapshot_mode="always"), C.SNAPSHOT_MODE, WARNING),
    "no prefix": (configured(topic_prefix=None), C.TOPIC_PREFIX, ERROR),
    "another prefix": (configured(topic_prefix="other"), C.TOPIC_PREFIX, ERROR),
    "no channel": (observed(source(None)), C.SIGNAL_CHANNELS, ERROR),
    "kafka not enabled": (configured(channels=("source",), signal_topic=None), C.SIGNAL_CHANNELS, ERROR),
    "table not enabled": (
        observed(source(SignalChannelKind.SOURCE_TABLE), connector=connector(settings(channels=("kafka",)))),
        C.SIGNAL_CHANNELS,
        ERROR,
    ),
    "kafka without source": (configured(channels=("kafka",)), C.SIGNAL_CHANNELS, ERROR),
    "no brokers": (configured(has_signal_bootstrap=False), C.SIGNAL_CHANNELS, ERROR),
    "no signal table configured": (configured(signal_collection=None), C.SIGNAL_CHANNELS, ERROR),
    "kafka away": (observed(kafka=Unknown("No answer.")), C.KAFKA, UNKNOWN),
    "another signal topic": (configured(signal_topic="other"), C.SIGNAL_TOPIC, ERROR),
    "no signal topic": (observed(kafka=kafka(signal_topic=None)), C.SIGNAL_TOPIC, ERROR),
    "four partitions": (
        observed(kafka=kafka(signal_topic=InspectedTopic(4, 1000, "delete"))),
        C.SIGNAL_TOPIC_PARTITIONS,
        ERROR,
    ),
    "kept for a week": (
        observed(kafka=kafka(signal_topic=InspectedTopic(1, 604_800_000))),
        C.SIGNAL_TOPIC_RETENTION,
        WARNING,
    ),
    "kept forever": (observed(kafka=kafka(signal_topic=InspectedTopic(1, -1))), C.SIGNAL_TOPIC_RETENTION, WARNING),
    "compacted": (
        observed(kafka=kafka(signal_topic=InspectedTopic(1, 1000, "compact"))),
        C.SIGNAL_TOPIC_RETENTION,
        WARNING,
    ),
    "retention not told": (observed(kafka=kafka(signal_topic=InspectedTopic(1))), C.SIGNAL_TOPIC_RETENTION, UNKNOWN),
    "shared group": (observed(connector=connector(group_sharers=("twin",))), C.SIGNAL_GROUP, WARNING),
    "shared group and topic": (
        observed(connector=connector(group_sharers=("twin",), topic_sharers=("twin",))),
        C.SIGNAL_GROUP,
        ERROR,
    ),
    "poison": (observed(kafka=kafka(reading=InspectedReading(7, (9,), 9, NOW))), C.SIGNAL_READING, ERROR),
    "poison, perhaps read": (observed(kafka=kafka(reading=InspectedReading(None, (9,)))), C.SIGNAL_READING, WARNING),
    "unread": (
        observed(kafka=kafka(reading=InspectedReading(7, (), 7, NOW - timedelta(minutes=5)))),
        C.SIGNAL_READING,
        ERROR,
    ),
    "reading not told": (observed(kafka=kafka(reading=Unknown("Not told."))), C.SIGNAL_READING, UNKNOWN),
    "no notifications": (configured(notifies=False, notification_topic=None), C.NOTIFICATIONS, ERROR),
    "other notifications": (configured(notification_topic="elsewhere"), C.NOTIFICATIONS, ERROR),
    "no notification topic": (observed(kafka=kafka(notification_topic=None)), C.NOTIFICATIONS, WARNING),
    "database away": (observed(database=Unknown("No answer.")), C.DATABASE, UNKNOWN),
    "standby": (observed(database=database(in_recovery=True)), C.DATABASE, ERROR),
    "read-only database": (observed(database=database(read_only=True)), C.DATABASE, ERROR),
    "a column missing": (columns(column("id"), column("type")), C.SIGNAL_TABLE_COLUMNS, ERROR),
    "a column too many": (
        columns(column("id"), column("type"), column("data"), column("at")),
        C.SIGNAL_TABLE_COLUMNS,
        ERROR,
    ),
    "columns in another order": (
        columns(column("type"), column("id"), column("data")),
        C.SIGNAL_TABLE_COLUMNS,
        ERROR,
    ),
    "a number as id": (
        columns(column("id", "bigint"), column("type"), column("data")),
        C.SIGNAL_TABLE_COLUMNS,
        ERROR,
    ),
    "a short type": (
        columns(column("id"), column("type", "character varying", 10), column("data")),
        C.SIGNAL_TABLE_COLUMNS,
        ERROR,
    ),
    "data not null": (
        columns(column("id"), column("type"), column("data", not_null=True)),
        C.SIGNAL_TABLE_COLUMNS,
        WARNING,
    ),
    "no key": (observed(database=database(signal_table(primary_key=()))), C.SIGNAL_TABLE_KEY, ERROR),
    "another key": (
        observed(database=database(signal_table(primary_key=("id", "type")))),
        C.SIGNAL_TABLE_KEY,
        WARNING,
    ),
    "the connector may not delete": (
        observed(database=database(signal_table(connector_lacking=("DELETE",)))),
        C.SIGNAL_TABLE_GRANTS,
        ERROR,
    ),
    "we may not insert": (
        observed(source(SignalChannelKind.SOURCE_TABLE), database=database(signal_table(lacking=("INSERT",)))),
        C.SIGNAL_TABLE_GRANTS,
        ERROR,
    ),
    "grants not told": (
        observed(database=database(signal_table(connector_lacking=Unknown("Not told.")))),
        C.SIGNAL_TABLE_GRANTS,
        UNKNOWN,
    ),
    "signal table left out": (
        observed(
            connector=connector(settings(publication=None), signal_table_captured=False),
            database=database(signal_table(published=None), publication_exists=None),
        ),
        C.SIGNAL_TABLE_CAPTURED,
        WARNING,
    ),
    "signal table not published": (
        observed(database=database(signal_table(published=False))),
        C.SIGNAL_TABLE_CAPTURED,
        ERROR,
    ),
    "no publication": (observed(database=database(publication_exists=False)), C.SIGNAL_TABLE_CAPTURED, ERROR),
    "lists not read": (
        observed(
            connector=connector(settings(publication=None), signal_table_captured=None),
            database=database(signal_table(published=None), publication_exists=None),
        ),
        C.SIGNAL_TABLE_CAPTURED,
        UNKNOWN,
    ),
    "large signal table": (observed(database=database(signal_table(rows=24_000))), C.SIGNAL_TABLE_SIZE, WARNING),
    "no slot": (observed(database=database(slot=None)), C.REPLICATION_SLOT, ERROR),
    "slot idle": (
        observed(database=database(slot=InspectedSlot(active=False, wal_status="reserved"))),
        C.REPLICATION_SLOT,
        ERROR,
    ),
    "slot lost": (
        observed(database=database(slot=InspectedSlot(active=True, wal_status="lost"))),
        C.REPLICATION_SLOT,
        ERROR,
    ),
    "slot about to be lost": (
        observed(database=database(slot=InspectedSlot(active=True, wal_status="unreserved"))),
        C.REPLICATION_SLOT,
        WARNING,
    ),
    "table left out": (observed(connector=connector(uncaptured=("public.a",))), C.CAPTURED_TABLES, ERROR),
    "table gone": (observed(database=database(missing=("public.a",))), C.CAPTURED_TABLES, ERROR),
    "table not published": (observed(database=database(unpublished=("public.a",))), C.CAPTURED_TABLES, WARNING),
}


@pytest.mark.parametrize("what", list(ILLNESSES))
def test_an_illness_is_found(what: str) -> None:
    seen, code, severity = ILLNESSES[what]
    found = finding(seen, code)
    assert found.severity is severity
    assert troubles(seen)[code] is severity
    assert found.message.endswith((".", "?"))
    assert found.remedy or severity is UNKNOWN


def test_no_signal_table_is_one_finding_not_seven() -> None:
    seen = observed(database=replace(database(), signal_table=None))
    assert troubles(seen) == {C.SIGNAL_TABLE: ERROR}


def test_what_is_not_there_because_it_is_not_needed_is_no_illness() -> None:
    by_table = settings(channels=("source",), signal_topic=None, has_signal_bootstrap=False)
    seen = observed(
        source(SignalChannelKind.SOURCE_TABLE), connector=connector(by_table), kafka=kafka(signal_topic=None)
    )
    assert troubles(seen) == {}


class TestReadOnly:
    """`read.only=true` takes PostgreSQL 13, Debezium 2.7 and the channel `kafka`, and then no signal table."""

    @staticmethod
    def seen(version: str = "3.7.0", postgresql: int = 13, **more: object) -> InspectedSignalling:
        given = settings(**{"read_only": True, "channels": ("kafka",), "signal_collection": None} | more)
        here = replace(database(), signal_table=None, version=postgresql, in_recovery=True)
        return observed(connector=connector(given, version=version), database=here)

    def test_it_is_well_on_a_standby_too(self) -> None:
        assert troubles(self.seen()) == {}
        assert finding(self.seen(), C.READ_ONLY).severity is OK

    @pytest.mark.parametrize(
        ("version", "postgresql", "expected"), [("2.6.2", 13, ERROR), ("2.7.0", 13, OK), ("2.7", 12, ERROR)]
    )
    def test_it_takes_versions(self, version: str, postgresql: int, expected: Severity) -> None:
        assert finding(self.seen(version, postgresql), C.READ_ONLY).severity is expected

    def test_it_takes_the_channel(self) -> None:
        assert finding(self.seen(channels=("source",)), C.READ_ONLY).severity is ERROR

    @pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.SQLSERVER])
    def test_of_other_databases_it_is_not_known(self, dialect: Dialect) -> None:
        assert finding(self.seen(dialect=dialect), C.READ_ONLY).severity is UNKNOWN


VERSIONS = {
    "2.4.2.Final": ("sent over Kafka while the connector is down",),
    "3.0.4": ("run again after a restart", "loses data"),
    "3.0.5": ("loses data", "streaming forever"),
    "3.3.0": ("deadlock",),
    "3.6.3.Final": ("window", "malformed row"),
}


@pytest.mark.parametrize("version", list(VERSIONS))
def test_a_version_is_told_its_bugs_and_not_those_that_it_has_not(version: str) -> None:
    found = finding(observed(connector=connector(version=version)), C.CONNECTOR_VERSION)
    assert found.severity is WARNING
    assert all(part in found.message for part in VERSIONS[version])
    assert "filters of a snapshot are ignored" not in found.message  # a bug of MongoDB
    older = [part for known, parts in VERSIONS.items() if known < version for part in parts]
    assert not [part for part in older if part in found.message and part not in VERSIONS[version]] or version < "3.0.6"


def test_a_bug_of_a_channel_is_told_only_where_it_is_enabled() -> None:
    by_table = observed(connector=connector(settings(channels=("source",)), version="2.4.0"))
    assert "over Kafka" not in finding(by_table, C.CONNECTOR_VERSION).message
    read_only = observed(connector=connector(settings(channels=("kafka",), read_only=True), version="3.6.3"))
    assert "malformed row" not in finding(read_only, C.CONNECTOR_VERSION).message


def test_a_table_without_a_limit_and_with_other_text_types_fits() -> None:
    seen = columns(column("id", "uuid"), column("type"), column("data", "jsonb"))
    assert finding(seen, C.SIGNAL_TABLE_COLUMNS).severity is OK


def test_a_signal_table_that_is_published_need_not_be_in_a_list() -> None:
    """Seen on Debezium 3.6: it puts the table into its publication, and reads its rows as signals."""
    seen = observed(connector=connector(signal_table_captured=False))
    assert finding(seen, C.SIGNAL_TABLE_CAPTURED).severity is OK


def test_growth_is_told_where_watermarks_stay() -> None:
    found = finding(configured(deletes_watermarks=False), C.SIGNAL_TABLE_SIZE)
    assert (found.severity, found.subject) == (INFO, TABLE)


def test_the_default_group_is_worth_knowing() -> None:
    assert finding(configured(signal_group="kafka-signal"), C.SIGNAL_GROUP).severity is INFO


def test_a_signal_that_has_just_come_may_wait_a_moment() -> None:
    reading = InspectedReading(7, (), 7, NOW - timedelta(seconds=10))
    assert finding(observed(kafka=kafka(reading=reading)), C.SIGNAL_READING).severity is OK


def test_errors_come_first() -> None:
    seen = observed(connector=connector(version="3.2.0", uncaptured=("public.a",)))
    assert [one.severity for one in assess(seen)][:3] == [ERROR, WARNING, OK]
