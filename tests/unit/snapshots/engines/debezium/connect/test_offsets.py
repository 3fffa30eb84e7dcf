"""What the offsets of a connector tell of its incremental snapshot; the first are as a real Debezium wrote them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.engines.debezium.connect.offsets import OffsetsProbe, sight_of
from snapshots.errors import ClusterUnreachableError
from snapshots.model import Cluster, SourceConnector
from snapshots.ports.snapshot_probe import OffsetsReport

RUNNING: Mapping[str, Any] = {
    "incremental_snapshot_correlation_id": "one8",
    "lsn_proc": 81735120,
    "lsn": 81735120,
    "txId": 1230,
    "incremental_snapshot_collections": '[{"incremental_snapshot_collections_id":"public.a",'
    '"incremental_snapshot_collections_additional_condition":null,'
    '"incremental_snapshot_collections_surrogate_key":null},'
    '{"incremental_snapshot_collections_id":"public\\\\.late"}]',
    "incremental_snapshot_primary_key": "aced0005",
    "messageType": "DELETE",
    "ts_usec": 1795449106821758,
    "snapshot": "INCREMENTAL",
    "snapshot_completed": False,
}
DONE: Mapping[str, Any] = {"lsn_proc": 81749568, "messageType": "DELETE", "lsn": 81749568, "ts_usec": 1795449108905277}


def test_a_snapshot_under_way_is_seen_with_what_is_left_of_it() -> None:
    assert sight_of([RUNNING]) == OffsetsReport(
        "one8", ("public.a", "public.late"), datetime(2026, 11, 23, 15, 51, 46, 821758, tzinfo=UTC)
    )


def test_after_its_end_nothing_is_left() -> None:
    sight = sight_of([DONE])
    assert sight
    assert (sight.correlation_id, sight.collections) == (None, ())


def test_a_connector_that_has_written_no_offsets_tells_nothing() -> None:
    assert sight_of([]) is None
    assert sight_of([{}]) is None


def test_of_several_partitions_the_one_with_a_snapshot_counts() -> None:
    assert sight_of([DONE, RUNNING]) == sight_of([RUNNING])


def test_the_time_is_read_in_any_engine_s_unit() -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    for key, parts in (("ts_usec", 1_000_000), ("ts_sec", 1), ("ts_ms", 1_000)):
        assert sight_of([{key: int(noon.timestamp()) * parts}]) == OffsetsReport(reached_at=noon)
    assert sight_of([{"ts_usec": "soon", "scn": 5}]) == OffsetsReport()


@given(
    st.dictionaries(
        st.sampled_from([*RUNNING, "ts_sec", "ts_ms"]),
        st.none() | st.integers() | st.text(max_size=5) | st.just("[1]") | st.just('[{"x":1}]') | st.lists(st.none()),
    )
)
def test_nothing_that_is_there_is_stumbled_over(offset: dict[str, Any]) -> None:
    sight_of([offset])


class _Client:
    """Kafka Connect, which may be away."""

    def __init__(self, offsets: list[dict[str, Any]] | None) -> None:
        self._offsets = offsets

    async def connector_offsets(self, cluster: Cluster, name: str) -> list[dict[str, Any]]:
        assert (cluster.name, name) == ("main", "shop-connector")
        if self._offsets is None:
            message = "It does not answer."
            raise ClusterUnreachableError(message)
        return self._offsets


@pytest.mark.parametrize(("offsets", "expected"), [([dict(RUNNING)], sight_of([RUNNING])), (None, None)])
async def test_the_probe_asks_for_the_connector(
    offsets: list[dict[str, Any]] | None, expected: OffsetsReport | None
) -> None:
    source = SourceConnector("src", Cluster("clu", "main", "http://connect.example", None), "shop-connector")
    probe = OffsetsProbe(_Client(offsets))  # type: ignore[arg-type]
    assert await probe.look(source) == expected
