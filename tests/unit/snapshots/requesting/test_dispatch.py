"""Dispatch: bounded, in order, each source on its own, each within its deadline, and cancelled as a whole."""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.channels import SignalChannelKind
from snapshots.errors import SourceError, UnconfirmedError
from snapshots.model import SourceConnector
from snapshots.plan import Refusal
from snapshots.ports.signal_channel import OutgoingSignal, Presence, Receipt
from snapshots.requesting.dispatch import (
    ATTEMPTS,
    LEASE_MARGIN_SECONDS,
    Dispatcher,
    Outcome,
    Send,
    Unconfirmed,
    Unreached,
)
from snapshots.requesting.leases import Lease
from snapshots.vocabulary import SnapshotErrorCode
from tests.support.factories import make_cluster, make_source

NEVER = 3600.0
"""A deadline that no test waits for."""
NOW = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 0.001
"""A deadline for what never answers: it passes however slow the machine is."""

IN_GOOD_TIME = 60
"""How long a test waits for what must happen; a fault shows then, instead of hanging the run."""

Behaviour = Callable[[], Awaitable[Receipt]]


class FakeChannel:
    """Answers every signal with its id, or does what a test says for it; counts what is under way."""

    def __init__(self, behaviours: dict[str, Behaviour] | None = None) -> None:
        self.behaviours = behaviours or {}
        self.sent: list[str] = []
        self.cancelled: list[str] = []
        self.under_way: Counter[str] = Counter()
        self.most_in_process = 0
        self.most_in_cluster: Counter[str] = Counter()
        self.presence: Callable[[], Awaitable[Presence]] | None = None

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        cluster = source.cluster.id
        self.sent.append(signal.id)
        self.under_way[cluster] += 1
        self.most_in_process = max(self.most_in_process, self.under_way.total())
        self.most_in_cluster[cluster] = max(self.most_in_cluster[cluster], self.under_way[cluster])
        try:
            behaviour = self.behaviours.get(signal.id)
            return await behaviour() if behaviour else Receipt(signal.id)
        except asyncio.CancelledError:
            self.cancelled.append(signal.id)
            raise
        finally:
            self.under_way[cluster] -= 1

    async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
        return await self.presence() if self.presence else Presence.PRESENT


def make_send(signal_id: str, *, cluster: str = "clu_1", channel: SignalChannelKind = SignalChannelKind.KAFKA) -> Send:
    source = make_source(f"src_{signal_id}", cluster=make_cluster(cluster))
    return Send(source, OutgoingSignal(signal_id, "execute-snapshot", "{}"), channel)


def make_dispatcher(
    channel: FakeChannel, *, deadline_seconds: float = NEVER, process_limit: int = 64, cluster_limit: int = 16
) -> Dispatcher:
    return Dispatcher(
        {SignalChannelKind.KAFKA: channel},
        deadline_seconds=deadline_seconds,
        process_limit=process_limit,
        cluster_limit=cluster_limit,
    )


async def dispatch(dispatcher: Dispatcher, sends: Sequence[Send]) -> list[Outcome]:
    """Dispatch under a lease that begins now."""
    return await dispatcher.dispatch(sends, dispatcher.lease(NOW, len(sends)))


def destinations(outcomes: Sequence[Outcome]) -> list[str | None]:
    return [outcome.destination if isinstance(outcome, Receipt) else None for outcome in outcomes]


def raising(error: BaseException) -> Behaviour:
    async def behaviour() -> Receipt:
        raise error

    return behaviour


async def hanging() -> Receipt:
    await asyncio.Event().wait()
    raise AssertionError


async def quiet(channel: FakeChannel) -> None:
    """Give every task its turn until none of them begins a send any more."""
    before = -1
    while before != len(channel.sent):
        before = len(channel.sent)
        for _ in range(20):
            await asyncio.sleep(0)


async def test_nothing_to_send() -> None:
    assert await dispatch(make_dispatcher(FakeChannel()), []) == []


async def test_every_signal_goes_to_its_own_source() -> None:
    seen: dict[str, str] = {}

    class Recorder(FakeChannel):
        async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
            seen[signal.id] = source.id
            return await super().send(source, signal)

    await dispatch(make_dispatcher(Recorder()), [make_send("a"), make_send("b")])

    assert seen == {"a": "src_a", "b": "src_b"}


async def test_outcomes_are_in_the_order_of_the_sends_however_they_end() -> None:
    released = [asyncio.Event() for _ in range(5)]

    def after(place: int) -> Behaviour:
        async def behaviour() -> Receipt:
            if place + 1 < len(released):
                await released[place + 1].wait()  # each waits for the one behind it
            released[place].set()
            return Receipt(str(place))

        return behaviour

    channel = FakeChannel({str(place): after(place) for place in range(5)})

    outcomes = await dispatch(make_dispatcher(channel), [make_send(str(place)) for place in range(5)])

    assert destinations(outcomes) == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    ("sends", "process_limit", "cluster_limit"), [(40, 7, 3), (40, 3, 7), (12, 100, 1), (5, 64, 16), (9, 1, 1)]
)
async def test_the_bounds_are_never_exceeded_and_are_used_in_full(
    sends: int, process_limit: int, cluster_limit: int
) -> None:
    gate = asyncio.Event()

    async def held() -> Receipt:
        await gate.wait()
        return Receipt("held")

    clusters = 4
    batch = [make_send(str(number), cluster=f"clu_{number % clusters}") for number in range(sends)]
    channel = FakeChannel(dict.fromkeys((send.signal.id for send in batch), held))
    dispatcher = make_dispatcher(channel, process_limit=process_limit, cluster_limit=cluster_limit)

    task = asyncio.create_task(dispatch(dispatcher, batch))
    await quiet(channel)
    at_first = channel.under_way.total()
    gate.set()
    outcomes = await task

    assert destinations(outcomes) == ["held"] * sends
    assert sorted(channel.sent) == sorted(send.signal.id for send in batch)
    assert channel.most_in_process <= process_limit
    assert max(channel.most_in_cluster.values()) <= cluster_limit
    per_cluster = Counter(send.source.cluster.id for send in batch)
    possible = sum(min(count, cluster_limit) for count in per_cluster.values())
    assert at_first == min(process_limit, possible)


async def test_bounds_hold_for_all_dispatches_of_the_process_together() -> None:
    gate = asyncio.Event()

    async def held() -> Receipt:
        await gate.wait()
        return Receipt("held")

    batches = [[make_send(f"{batch}-{number}") for number in range(5)] for batch in range(4)]
    channel = FakeChannel({send.signal.id: held for batch in batches for send in batch})
    dispatcher = make_dispatcher(channel, process_limit=6, cluster_limit=6)

    tasks = [asyncio.create_task(dispatch(dispatcher, batch)) for batch in batches]
    await quiet(channel)
    gate.set()
    for task in tasks:
        await task

    assert channel.most_in_process == 6
    assert len(channel.sent) == 20


async def test_a_cluster_that_hangs_leaves_the_others_their_turns() -> None:
    batch = [make_send(f"dead-{number}", cluster="dead") for number in range(10)]
    batch += [make_send(f"well-{number}", cluster="well") for number in range(10)]
    channel = FakeChannel(dict.fromkeys((send.signal.id for send in batch[:10]), hanging))
    dispatcher = make_dispatcher(channel, process_limit=5, cluster_limit=3)

    task = asyncio.create_task(dispatch(dispatcher, batch))
    await quiet(channel)

    assert sorted(sent for sent in channel.sent if sent.startswith("well")) == sorted(
        send.signal.id for send in batch[10:]
    )
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


FAULTS = [
    pytest.param(
        raising(SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Down.", retryable=True)),
        Refusal(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Down.", retryable=True),
        id="refused, to be tried again",
    ),
    pytest.param(
        raising(SourceError(SnapshotErrorCode.SIGNAL_REJECTED, "Too long.", retryable=False)),
        Refusal(SnapshotErrorCode.SIGNAL_REJECTED, "Too long.", retryable=False),
        id="refused for good",
    ),
    pytest.param(
        raising(UnconfirmedError("Gone while sending.")),
        Unconfirmed(SnapshotErrorCode.DISPATCH_TIMEOUT, "Gone while sending."),
        id="not confirmed",
    ),
    *(
        pytest.param(
            raising(error),
            Unconfirmed(
                SnapshotErrorCode.CHANNEL_UNAVAILABLE, "The channel failed because of an internal error; see the log."
            ),
            id=f"crashed: {error!r}",
        )
        for error in (
            ValueError("secret"),
            ConnectionResetError(),
            ExceptionGroup("several", [ValueError("secret")]),
            asyncio.CancelledError("a future of the driver's own"),
        )
    ),
    pytest.param(
        raising(TimeoutError()),
        Unconfirmed(
            SnapshotErrorCode.DISPATCH_TIMEOUT,
            "The channel did not answer within 3600 s. The signal may have arrived; Topicsnap is checking.",
        ),
        id="timed out in the driver",
    ),
]


@pytest.mark.parametrize(("behaviour", "expected"), FAULTS)
async def test_what_befalls_one_source_is_its_own_outcome_and_leaves_the_others(
    behaviour: Behaviour, expected: Outcome
) -> None:
    channel = FakeChannel({"bad": behaviour})

    outcomes = await dispatch(make_dispatcher(channel), [make_send("a"), make_send("bad"), make_send("b")])

    assert outcomes == [Receipt("a"), expected, Receipt("b")]
    assert channel.cancelled in ([], ["bad"])


async def test_a_crash_is_logged_with_its_cause(caplog: pytest.LogCaptureFixture) -> None:
    channel = FakeChannel({"bad": raising(ValueError("the cause"))})

    with caplog.at_level(logging.ERROR, logger="snapshots.requesting.dispatch"):
        await dispatch(make_dispatcher(channel), [make_send("bad")])

    assert "bad" in caplog.text
    assert "the cause" in caplog.text


async def test_a_future_that_the_driver_itself_cancels_is_not_taken_for_a_cancelled_dispatch() -> None:
    shared: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()

    async def behaviour() -> Receipt:
        return await shared

    channel = FakeChannel({"a": behaviour, "b": behaviour})
    task = asyncio.create_task(dispatch(make_dispatcher(channel), [make_send("a"), make_send("b"), make_send("c")]))
    await quiet(channel)

    shared.cancel()
    outcomes = await task

    assert [type(outcome) for outcome in outcomes] == [Unconfirmed, Unconfirmed, Receipt]


async def test_a_source_that_does_not_answer_in_time_is_unconfirmed_and_its_send_is_cancelled() -> None:
    channel = FakeChannel({"slow": hanging})

    async with asyncio.timeout(IN_GOOD_TIME):
        outcomes = await dispatch(make_dispatcher(channel, deadline_seconds=AT_ONCE), [make_send("slow")])

    assert isinstance(outcomes[0], Unconfirmed)
    assert outcomes[0].code is SnapshotErrorCode.DISPATCH_TIMEOUT
    assert channel.cancelled == ["slow"]
    assert channel.under_way.total() == 0


async def test_a_passed_deadline_makes_room_for_the_next() -> None:
    channel = FakeChannel(dict.fromkeys("abc", hanging))

    dispatcher = make_dispatcher(channel, deadline_seconds=AT_ONCE, cluster_limit=1)

    async with asyncio.timeout(IN_GOOD_TIME):
        lease = Lease(NOW, asyncio.get_running_loop().time() + NEVER)
        outcomes = await dispatcher.dispatch([make_send("a"), make_send("b"), make_send("c")], lease)

    assert [type(outcome) for outcome in outcomes] == [Unconfirmed] * 3
    assert channel.under_way.total() == 0


def too_late(lease: Lease) -> Unreached:
    message = "The signal did not get its turn in time. Nothing was sent; Topicsnap will try again."
    return Unreached(SnapshotErrorCode.DISPATCH_TIMEOUT, message, lease.until)


async def test_a_send_whose_turn_comes_too_late_is_not_sent() -> None:
    """Its lease is about to end, and whoever settles it may send it: here as well it would be sent twice."""
    gate = asyncio.Event()

    async def stubborn() -> Receipt:
        while not gate.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await gate.wait()
        return Receipt("stubborn")

    channel = FakeChannel({"stubborn": stubborn})
    dispatcher = make_dispatcher(channel, deadline_seconds=AT_ONCE, cluster_limit=1)
    first = asyncio.create_task(dispatch(dispatcher, [make_send("stubborn")]))
    await quiet(channel)
    lease = dispatcher.lease(NOW, 1)
    late = asyncio.create_task(dispatcher.dispatch([make_send("late")], lease))
    await quiet(channel)
    loop = asyncio.get_running_loop()

    loop.call_at(loop.time() + 2 * AT_ONCE, gate.set)

    assert await first == [Receipt("stubborn")]
    assert await late == [too_late(lease)]
    assert channel.sent == ["stubborn"]


async def test_a_lease_that_ran_out_before_the_dispatch_began_sends_nothing() -> None:
    """The ledger was slow in between: another replica may have taken the lease by now."""
    channel = FakeChannel()
    dispatcher = make_dispatcher(channel, deadline_seconds=AT_ONCE)
    lease = dispatcher.lease(NOW, 2)
    loop = asyncio.get_running_loop()
    passed = asyncio.Event()
    loop.call_at(lease.start_by + AT_ONCE, passed.set)
    await passed.wait()

    outcomes = await dispatcher.dispatch([make_send("a"), make_send("b")], lease)

    assert outcomes == [too_late(lease)] * 2
    assert channel.sent == []


async def test_cancelling_a_dispatch_cancels_its_sends_and_is_passed_on() -> None:
    channel = FakeChannel(dict.fromkeys("abc", hanging))
    dispatcher = make_dispatcher(channel, cluster_limit=2)
    task = asyncio.create_task(dispatch(dispatcher, [make_send("a"), make_send("b"), make_send("c")]))
    await quiet(channel)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert sorted(channel.cancelled) == ["a", "b"]
    assert channel.sent == ["a", "b"]  # c never had its turn
    channel.behaviours.clear()
    assert await dispatch(dispatcher, [make_send("d"), make_send("e")]) == [Receipt("d"), Receipt("e")]


async def test_a_channel_that_this_process_does_not_have_is_no_fault_of_the_others() -> None:
    channel = FakeChannel()

    outcomes = await dispatch(
        make_dispatcher(channel), [make_send("t", channel=SignalChannelKind.SOURCE_TABLE), make_send("k")]
    )

    assert outcomes == [
        Refusal(
            SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED,
            "This process has no SOURCE_TABLE channel.",
            retryable=False,
        ),
        Receipt("k"),
    ]


@given(
    sends=st.integers(0, 500),
    process_limit=st.integers(1, 100),
    cluster_limit=st.integers(1, 100),
    deadline_seconds=st.floats(0.1, 60),
)
def test_a_lease_outlasts_any_dispatch_even_where_every_send_waits_for_its_deadline(
    sends: int, process_limit: int, cluster_limit: int, deadline_seconds: float
) -> None:
    dispatcher = make_dispatcher(
        FakeChannel(), deadline_seconds=deadline_seconds, process_limit=process_limit, cluster_limit=cluster_limit
    )
    now = datetime(2026, 1, 1, tzinfo=UTC)

    # All to one cluster is the worst case: as many rounds as its limit makes of them.
    rounds = -(-sends // min(process_limit, cluster_limit))
    assert dispatcher.longest_seconds(sends) >= rounds * deadline_seconds + LEASE_MARGIN_SECONDS
    assert dispatcher.longest_seconds(sends) <= dispatcher.longest_seconds(sends + 1)
    assert dispatcher.lease_until(now, sends) == now + timedelta(seconds=dispatcher.longest_seconds(sends))


@pytest.mark.parametrize("presence", Presence)
async def test_what_a_channel_says_of_a_signal_is_passed_on(presence: Presence) -> None:
    channel = FakeChannel()

    async def found() -> Presence:
        return presence

    channel.presence = found

    assert await make_dispatcher(channel).find(make_send("a")) is presence


@pytest.mark.parametrize("error", [ValueError("bug"), TimeoutError(), ConnectionResetError(), asyncio.CancelledError()])
async def test_a_search_that_fails_proves_nothing(error: BaseException) -> None:
    """Raised, it would stop the settling of every other signal, at each sweep anew."""
    channel = FakeChannel()

    async def fails() -> Presence:
        raise error

    channel.presence = fails

    assert await make_dispatcher(channel).find(make_send("a")) is Presence.UNKNOWN


async def test_a_search_that_hangs_proves_nothing() -> None:
    channel = FakeChannel()

    async def hangs() -> Presence:
        await asyncio.Event().wait()
        return Presence.ABSENT

    channel.presence = hangs

    async with asyncio.timeout(IN_GOOD_TIME):
        assert await make_dispatcher(channel, deadline_seconds=AT_ONCE).find(make_send("a")) is Presence.UNKNOWN


async def test_a_search_in_a_channel_that_this_process_does_not_have_proves_nothing() -> None:
    send = make_send("a", channel=SignalChannelKind.SOURCE_TABLE)

    assert await make_dispatcher(FakeChannel()).find(send) is Presence.UNKNOWN


async def test_cancelling_a_search_is_passed_on() -> None:
    channel = FakeChannel()
    begun = asyncio.Event()

    async def hangs() -> Presence:
        begun.set()
        await asyncio.Event().wait()
        return Presence.ABSENT

    channel.presence = hangs
    task = asyncio.create_task(make_dispatcher(channel).find(make_send("a")))
    await begun.wait()

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


def away(times: int) -> Behaviour:
    """Be away for the first `times` attempts, then accept."""
    left = [SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Away.", retryable=True)] * times

    async def behaviour() -> Receipt:
        if left:
            raise left.pop()
        return Receipt("there")

    return behaviour


def persistent(channel: FakeChannel, pauses: list[float], deadline_seconds: float = NEVER) -> Dispatcher:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    return Dispatcher(
        {SignalChannelKind.KAFKA: channel},
        deadline_seconds=deadline_seconds,
        process_limit=64,
        cluster_limit=16,
        chance=lambda: 0.5,
        pause=pause,
    )


async def test_a_channel_that_is_away_is_tried_again_after_growing_pauses() -> None:
    pauses: list[float] = []
    channel = FakeChannel({"a": away(ATTEMPTS - 1)})

    outcomes = await dispatch(persistent(channel, pauses), [make_send("a")])

    assert outcomes == [Receipt("there")]
    assert pauses == [0.1875, 0.375, 0.75, 1.5]


async def test_one_that_stays_away_has_failed_for_now_after_so_many_attempts() -> None:
    channel = FakeChannel({"a": away(99)})

    outcomes = await dispatch(persistent(channel, []), [make_send("a")])

    assert outcomes == [Refusal(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Away.", retryable=True)]
    assert channel.sent == ["a"] * ATTEMPTS


async def test_no_attempt_is_begun_that_the_deadline_would_cut_off() -> None:
    """Cut off, it would leave it open whether the signal arrived; as it is, nothing did for certain."""
    pauses: list[float] = []
    channel = FakeChannel({"a": away(99)})

    outcomes = await dispatch(persistent(channel, pauses, deadline_seconds=0.1), [make_send("a")])

    assert outcomes == [Refusal(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "Away.", retryable=True)]
    assert (channel.sent, pauses) == (["a"], [])


@pytest.mark.parametrize(
    "error",
    [
        SourceError(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, "No table.", retryable=False),
        SourceError(SnapshotErrorCode.CHANNEL_UNAVAILABLE, "For good.", retryable=False),
        SourceError(SnapshotErrorCode.SIGNAL_REJECTED, "Later.", retryable=True),
        UnconfirmedError("Perhaps.", SnapshotErrorCode.CHANNEL_UNAVAILABLE),
        ConnectionResetError(),
    ],
    ids=["not configured", "not retryable", "another code", "unconfirmed", "unforeseen"],
)
async def test_only_what_certainly_did_not_arrive_is_tried_again(error: Exception) -> None:
    channel = FakeChannel({"a": raising(error)})

    await dispatch(persistent(channel, []), [make_send("a")])

    assert channel.sent == ["a"]


async def test_searches_wait_for_their_turn_as_sends_do() -> None:
    gate = asyncio.Event()
    under_way, most = 0, 0

    class Searched(FakeChannel):
        async def find(self, source: SourceConnector, signal: OutgoingSignal) -> Presence:
            nonlocal under_way, most
            under_way += 1
            most = max(most, under_way)
            await gate.wait()
            under_way -= 1
            return Presence.ABSENT

    dispatcher = make_dispatcher(Searched(), cluster_limit=3)
    searches = [asyncio.create_task(dispatcher.find(make_send(str(number)))) for number in range(10)]
    for _ in range(50):
        await asyncio.sleep(0)
    at_first = under_way
    gate.set()

    assert set(await asyncio.gather(*searches)) == {Presence.ABSENT}
    assert (at_first, most) == (3, 3)
