"""What the catalogue keeps of a connector, whatever could not be read of it: any connector, any failure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from snapshots.catalog.changes import changes
from snapshots.catalog.state import CatalogState
from snapshots.catalog.syncing import after_sync
from snapshots.engines.debezium.catalog.reading import ConnectorReading, connector_of, topics_of
from snapshots.engines.debezium.catalog.unreadable import unreadable_of_cluster, unreadable_of_connector
from snapshots.engines.debezium.connect.client import ConnectorInfo
from snapshots.engines.debezium.source_database.dialect import DatabaseTable, DatabaseTables
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorKind, ConnectorState

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLUSTER = "clu"
EMPTY = CatalogState({CLUSTER: Cluster(CLUSTER, "main", None, None)})
POSTGRES = "io.debezium.connector.postgresql.PostgresConnector"
ROUTER = {"transforms": "r", "transforms.r.type": "org.apache.kafka.connect.transforms.RegexRouter"}
AWAY = Unknown("It is away.")

tables = st.builds(
    DatabaseTable,
    st.sampled_from([f"public.{name}" for name in ("a", "b", "a b", "a_b", "A", "signals")]),
    st.booleans(),
)
topic_names = st.frozensets(st.sampled_from(["shop.public.a", "shop.public.a_b", "shop.public.gone", "shop-signal"]))


@st.composite
def readings(draw: st.DrawFn) -> ConnectorReading:
    """A connector of which everything was read."""
    lists = draw(
        st.sampled_from(
            [
                {},
                {"table.include.list": r"public\.a,public\.gone"},
                {"table.exclude.list": "public.a"},
                {"table.include.list": r"public\.\p{Alpha},public\.a"},
                {"message.key.columns": "public.a:id"},
            ]
        )
    )
    signals = {"signal.data.collection": "public.signals", "signal.enabled.channels": "source,kafka"}
    config = {
        "connector.class": POSTGRES,
        "topic.prefix": "shop",
        **signals,
        **lists,
        **draw(st.sampled_from([{}, ROUTER])),
    }
    version = draw(st.sampled_from([None, "3.6"]))
    reference = draw(st.sampled_from([None, "env:SHOP"]))
    found = draw(st.lists(tables, unique_by=lambda table: table.data_collection).map(tuple))
    return ConnectorReading(
        ConnectorInfo(
            "shop", ConnectorKind.SOURCE, POSTGRES, version, ConnectorState.RUNNING, None, MappingProxyType(config)
        ),
        reference,
        DatabaseTables(found, draw(st.sampled_from([None, 9000]))) if reference else None,
        draw(topic_names),
        draw(topic_names),
        draw(st.sampled_from([{}, {POSTGRES: "3.5"}])),
    )


@st.composite
def failures(draw: st.DrawFn) -> Mapping[str, object]:
    """Which parts cannot be read this time."""
    parts = draw(st.sets(st.sampled_from(["database", "written", "existing", "versions", "config", "kind", "state"])))
    return dict.fromkeys(parts, AWAY)


def with_failures(reading: ConnectorReading, failed: Mapping[str, object]) -> ConnectorReading:
    info, left_out = reading.info, frozenset(failed) & {"config", "kind", "state"}
    info = replace(info, left_out=left_out)
    if "config" in left_out:
        info = replace(info, config=MappingProxyType({}), connector_class=None)
    if "state" in left_out:
        info = replace(info, state=ConnectorState.UNKNOWN, version=None)
    tried: dict[str, object] = {name: AWAY for name in failed if name in {"written", "existing", "versions"}}
    if "database" in failed and reading.reference is not None:
        tried["database"] = AWAY
    if not info.is_described:
        tried |= {"database": None, "written": frozenset()}  # nobody knows what to ask for
    return replace(reading, info=info, **tried)  # type: ignore[arg-type]


def observed(reading: ConnectorReading, at: datetime) -> ObservedCluster:
    told = (
        *unreadable_of_cluster("main", reading.existing, [reading]),
        *unreadable_of_connector("main", reading),
    )
    return ObservedCluster((connector_of(reading, at),), tuple(topics_of(reading)), told)


def synced(before: CatalogState, reading: ConnectorReading, at: datetime) -> CatalogState:
    numbers = count(1)
    new_id = lambda prefix: f"{prefix}_{at.isoformat()}_{next(numbers)}"  # noqa: E731
    return after_sync(before, CLUSTER, observed(reading, at), new_id=new_id, now=at)


@given(readings(), failures())
def test_a_connector_that_did_not_change_does_not_change_whatever_cannot_be_read(
    reading: ConnectorReading, failed: Mapping[str, object]
) -> None:
    before = synced(EMPTY, reading, NOW)
    later = NOW + timedelta(hours=1)
    after = synced(before, with_failures(reading, failed), later)
    found = changes(before, after, dry_run=False)
    assert (found.connectors.changed, found.connectors.retired) == ((), ())
    assert (found.topics.changed, found.topics.retired) == ((), ())
    if reading.has_unread_lists:  # these are unknown both times
        return
    # What is added rests on the configuration alone, and goes again where it turns out to be nothing.
    again = changes(after, synced(after, reading, later), dry_run=False)
    assert {one.id for one in again.topics.retired} == {one.id for one in found.topics.added}
    assert (again.topics.added, again.topics.changed, again.connectors.changed) == ((), (), ())


def test_the_version_of_the_plugin_does_not_take_the_place_of_the_one_that_runs() -> None:
    config = MappingProxyType({"connector.class": POSTGRES})
    info = ConnectorInfo("shop", ConnectorKind.SOURCE, POSTGRES, "3.6", ConnectorState.RUNNING, None, config)
    reading = ConnectorReading(info, None, None, frozenset(), frozenset(), {POSTGRES: "3.5"})
    before = synced(EMPTY, reading, NOW)
    after = synced(before, with_failures(reading, {"state": AWAY}), NOW)
    assert after == before
    assert connector_of(with_failures(reading, {"state": AWAY}), NOW).version == "3.5"  # for one that is new


@given(readings(), failures())
def test_what_is_unknown_is_told_with_a_reason(reading: ConnectorReading, failed: Mapping[str, object]) -> None:
    seen = observed(with_failures(reading, failed), NOW)
    if any(one.unknown for one in seen.connectors) or any(one.unknown for one in seen.topics):
        assert seen.unreadable
    assert all(one.reason.endswith(".") and ". " in one.reason for one in seen.unreadable)


@given(readings(), failures())
def test_what_a_sink_reads_is_never_its_product(reading: ConnectorReading, failed: Mapping[str, object]) -> None:
    sink = replace(reading, info=replace(reading.info, kind=ConnectorKind.SINK))
    assert tuple(topics_of(with_failures(sink, failed))) == ()
