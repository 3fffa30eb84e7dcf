"""`health`, `stallCauses` and a plan's `warnings`: looked up when asked, each source once an answer."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from snapshots.model import SourceConnector
from snapshots.ports.inspector import InspectedSignalling
from snapshots.ports.unknown import Unknown
from tests.support.api import Api
from tests.support.services import with_engine
from tests.support.ward import NOW, connector, observed

FINDINGS = "{ code severity subject message remedy }"


class Inspector:
    """Finds every connector restarting, and Kafka silent."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    async def inspect(self, source: SourceConnector, collections: Sequence[str]) -> InspectedSignalling:
        self.asked.append((source.id, tuple(collections)))
        return replace(
            observed(source), observed_at=NOW, connector=connector(version="3.2.0"), kafka=Unknown("Kafka is silent.")
        )


def with_inspector(api: Api, **more: Any) -> tuple[Api, Inspector]:  # noqa: ANN401 (any of the services)
    inspector = Inspector()
    return api.over(replace(with_engine(api.services, inspector=inspector), **more)), inspector


async def test_health_is_looked_up_once_for_each_source_with_its_tables(api: Api) -> None:
    api, inspector = with_inspector(api)

    data = await api.data(
        f'{{ sources {{ edges {{ node {{ id health {FINDINGS} }} }} }} again: source(id: "src_shop") '
        f"{{ health {{ code }} }} }}"
    )

    assert sorted(inspector.asked) == [
        ("src_billing", ("public.invoices", "public.payments")),
        ("src_shop", ("public.customers", "public.log", "public.orders")),
        ("src_stock", ("public.items",)),
    ]
    for edge in data["sources"]["edges"]:
        findings = {finding["code"]: finding for finding in edge["node"]["health"]}
        assert findings["KAFKA"]["severity"] == "UNKNOWN"
        assert findings["KAFKA"]["message"] == "Kafka is silent."
        assert findings["CONNECTOR_VERSION"]["severity"] == "WARNING"
        assert findings["CONNECTOR_VERSION"]["remedy"]


async def test_nothing_is_looked_up_that_is_not_asked_for(api: Api) -> None:
    api, inspector = with_inspector(api)
    await api.data("{ sources { edges { node { id state } } } }")
    await api.snapshot("top_orders", selection="bulkSnapshot { snapshots { stalledSince stallCauses { code } } }")
    assert inspector.asked == []


async def test_a_stalled_snapshot_has_causes(api: Api) -> None:
    made = await api.snapshot("top_orders", "top_invoices", selection="bulkSnapshot { id }")
    api, inspector = with_inspector(api, stall_after=timedelta(0))

    data = await api.data(
        f"query($id: ID!) {{ bulkSnapshot(id: $id) {{ snapshots {{ dispatchedAt stalledSince stallCauses {FINDINGS} "
        "} } }",
        {"id": made["bulkSnapshot"]["id"]},
    )

    assert sorted(asked for asked, _ in inspector.asked) == ["src_billing", "src_shop"]
    for snapshot in data["bulkSnapshot"]["snapshots"]:
        assert snapshot["stalledSince"] == snapshot["dispatchedAt"]
        assert [cause["severity"] for cause in snapshot["stallCauses"]][-1] == "UNKNOWN"
        assert all(cause["severity"] != "OK" for cause in snapshot["stallCauses"])


async def test_a_plan_shows_what_it_would_warn_of(api: Api) -> None:
    api, _ = with_inspector(api)

    data = await api.data(
        "query($input: BulkSnapshotTopicsInput!) { planBulkSnapshot(input: $input) "
        "{ jobs { source { id } warnings { code severity } } } }",
        {"input": {"topicIds": ["top_orders", "top_items"]}},
    )

    for job in data["planBulkSnapshot"]["jobs"]:
        found = {warning["code"]: warning["severity"] for warning in job["warnings"]}
        assert found["KAFKA"] == "UNKNOWN"
        assert "OK" not in found.values()
        assert "INFO" not in found.values()


async def test_a_simulated_engine_says_that_there_is_nothing_to_look_at(api: Api) -> None:
    data = await api.data(f'{{ source(id: "src_shop") {{ health {FINDINGS} }} }}')
    [finding] = data["source"]["health"]
    assert (finding["code"], finding["severity"]) == ("KAFKA_CONNECT", "UNKNOWN")
    assert "simulated" in finding["message"]
