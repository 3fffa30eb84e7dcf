"""`watch`, the subscription and `bulkSnapshot` during a real bulk snapshot over three sources: no contradiction."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

from resolvers.verification.verify_due import verify_due
from sandbox.waiting import eventually
from snapshots.engines.recording import RecordingChannel
from snapshots.records import BulkSnapshotFilter, BulkSnapshotRecord
from snapshots.vocabulary import SnapshotVerdict
from tests.support.agreement.moments import Moment, check_order, moments_of, of_json
from tests.support.agreement.views import State, Views, looking
from tests.support.api import Api, Observer, States
from tests.support.debezium.gateway import TENANT, Gateway, part
from tests.support.debezium.sources import DEPOT, NARROW, TILL
from tests.support.streams import served

pytestmark = pytest.mark.e2e

STATIONS = [f"measurements_of_station_{number:02}" for number in range(1, 7)]


async def test_all_views_of_a_real_bulk_snapshot_agree(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    """They look from before the first signal is sent to the last verdict."""
    let_go = asyncio.Event()
    start_sending = gateway.services.ledger.sending.start

    async def start(*arguments: Any, **more: Any) -> Mapping[str, int]:  # noqa: ANN401 (passed on)
        await let_go.wait()
        return await start_sending(*arguments, **more)

    monkeypatch.setattr(gateway.services.ledger.sending, "start", start)
    request = replace(
        gateway.request(
            (DEPOT, "crates"), (DEPOT, "pallets"), (TILL, "vouchers"), *((NARROW, one) for one in STATIONS)
        ),
        verify=True,
    )
    asked = asyncio.create_task(gateway.call(request))
    bulk_id = await _opened(gateway)
    api = Api(gateway.services, None, RecordingChannel(), States(), Observer())  # type: ignore[arg-type]
    async with (
        served(api) as server,
        looking(server, bulk_id, gateway.url, gateway.services.stall_after) as views,
    ):
        await views.agree(lambda state: {one["state"] for one in state["snapshots"]} == {"PENDING"})
        sampled: list[State] = []
        sampling = asyncio.create_task(_sample(views, sampled))
        verifying = asyncio.create_task(_verify(gateway))
        let_go.set()
        await asked
        await gateway.ended(bulk_id)
        last = await eventually(lambda: _final(views), 60, "the verdicts")
        agreed = await views.agree()
        for task in (sampling, verifying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        async with asyncio.timeout(10):
            codes = [await one.process.wait() for one in (*views.printed.values(), views.text)]
        assert codes == [0, 0, 0], views.text.text
        await eventually(lambda: _all_ended(views), 10, "the ends of the subscriptions")
    assert agreed == last
    assert agreed["state"] == "COMPLETED"
    verdicts = [topic["verdict"] for one in agreed["snapshots"] for topic in one["topics"]]
    assert verdicts == [SnapshotVerdict.COMPLETE] * 9

    record = await gateway.record(bulk_id)
    assert len(part(record, NARROW).signals) > 1, "the next signal of a running source is a step of its own"
    moments = await _moments(gateway, record)
    seen: dict[str, Sequence[State]] = {"the query": sampled, **{one.name: one.states for one in views.pushed}}
    for name, states in seen.items():
        assert len(states) > 3, name
        for place, one in enumerate(record.snapshots):
            check_order(name, [of_json(state["snapshots"][place]) for state in states], moments[one.id])
    for name, history in views.histories().items():
        for place, one in enumerate(record.snapshots):
            path = [state for state, _, _ in moments[one.id]]
            _check_path(name, [state["snapshots"][place]["state"] for state in history], path)
    print(  # noqa: T201 (figures)
        {name: len(states) for name, states in [*seen.items(), *views.histories().items()]},
        {one.source.name: len(moments[one.id]) for one in record.snapshots},
    )


async def _opened(gateway: Gateway) -> str:
    """Wait until the newest bulk snapshot is one that waits to be sent; return its id."""

    async def probe() -> str | None:
        page = await gateway.services.ledger.reading.bulk_snapshots_page(TENANT, BulkSnapshotFilter(), 1, None)
        return next((one.id for one in page.items if not one.answered), None)

    return await eventually(probe, 10, "the bulk snapshot")


async def _sample(views: Views, sampled: list[State]) -> None:
    while True:
        sampled.append(await views.query())


async def _verify(gateway: Gateway) -> None:
    while True:
        await verify_due(gateway.services, TENANT)
        await asyncio.sleep(0.5)


async def _final(views: Views) -> State | None:
    state = await views.query()
    topics = [topic for one in state["snapshots"] for topic in one["topics"]]
    return state if all(topic["verification"] == "DONE" for topic in topics) else None


async def _all_ended(views: Views) -> bool:
    return all(one.ended for one in views.pushed)


async def _moments(gateway: Gateway, record: BulkSnapshotRecord) -> dict[str, list[Moment]]:
    page = await gateway.services.ledger.auditing.first_events(TENANT, [record.id], 1000)
    return {one.id: list(moments_of(one, page[record.id].items)) for one in record.snapshots}


def _check_path(name: str, seen: Sequence[str], path: Sequence[str]) -> None:
    place = 0
    for state in seen:
        assert state in path[place:], f"{name} showed {state} after {path[place]}; it went by {path}"
        place = path.index(state, place)
