"""More tables than one signal holds: several signals for one source, each sent when the one before has ended."""

from collections import Counter
from itertools import pairwise

import pytest

from snapshots.records import AnswerKind
from snapshots.states import BulkSnapshotState, SignalState
from tests.support.debezium.gateway import Gateway, part
from tests.support.debezium.sources import NARROW

pytestmark = pytest.mark.e2e


async def test_signals_follow_one_another(gateway: Gateway) -> None:
    watch = gateway.chain.arrivals.watch(NARROW)
    known = await gateway.chain.signals(NARROW)

    answered = await gateway.call(gateway.request(*((NARROW, table.name) for table in NARROW.tables)))

    [snapshot] = answered.snapshots
    assert snapshot.answer
    assert snapshot.answer.kind is AnswerKind.DISPATCHED
    assert snapshot.source.signal_data_limit == NARROW.signal_data_limit
    assert len(snapshot.signals) >= 3
    assert snapshot.answer.message.startswith(f"The channel accepted the first of {len(snapshot.signals)} signals")
    assert all(len(signal.data) <= NARROW.signal_data_limit for signal in snapshot.signals)

    ended = await gateway.ended(answered.id)
    assert ended.state is BulkSnapshotState.COMPLETED
    signals = part(ended, NARROW).signals
    assert all(signal.state is SignalState.ENDED for signal in signals)
    for before, after in pairwise(signals):
        assert before.ended_at
        assert after.sent_at
        assert before.ended_at < after.sent_at
    assert await gateway.chain.signals(NARROW) - known == Counter(signal.id for signal in signals)
    assert await watch.counts() == {NARROW.topic(table.name): table.rows for table in NARROW.tables}
