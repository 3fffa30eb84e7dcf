"""What is checked of a request before anything is read, and when two requests mean the same."""

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import InvalidRequestError
from snapshots.filters import FilterOperator, RowCondition, RowFilter
from snapshots.identifiers import MAX_ID_LENGTH, is_valid_id
from snapshots.requesting.request import (
    MAX_FINDINGS,
    MAX_KEY_LENGTH,
    MAX_REASON_LENGTH,
    MAX_TOPICS,
    BulkSnapshotRequest,
    TopicOptions,
    check,
)
from snapshots.vocabulary import SnapshotType, UserErrorCode
from tests.support.factories import make_filter, make_request

NUL = "a\x00b"
UNPAIRED_HIGH, UNPAIRED_LOW, REVERSED_PAIR = "\ud83d", "\ude00", "\ude00\ud83d"
UNSTORABLE = [NUL, UNPAIRED_HIGH, UNPAIRED_LOW, REVERSED_PAIR]

# `characters()` leaves surrogates out by default; clients can send them as JSON escapes.
any_text = st.text(st.characters(codec=None) | st.sampled_from(["\x00", UNPAIRED_HIGH, UNPAIRED_LOW]), max_size=20)
any_filter = st.builds(
    RowFilter,
    st.lists(
        st.builds(RowCondition, any_text, st.sampled_from(FilterOperator), st.lists(any_text, max_size=3).map(tuple)),
        max_size=3,
    ).map(tuple),
)


@st.composite
def any_request(draw: st.DrawFn) -> BulkSnapshotRequest:
    topic_ids = draw(st.lists(any_text | st.just("t"), max_size=5))
    named = st.sampled_from(topic_ids) if topic_ids else st.nothing()
    options = st.builds(TopicOptions, any_text | named, st.none() | any_filter, st.none() | any_text)
    return make_request(
        *topic_ids,
        snapshot_type=draw(st.sampled_from(SnapshotType)),
        options=tuple(draw(st.lists(options, max_size=4))),
        idempotency_key=draw(st.none() | any_text),
        reason=draw(st.none() | any_text),
    )


def found(request: BulkSnapshotRequest) -> list[tuple[UserErrorCode, str]]:
    """The findings of `check` by code and path, where the path is joined by dots."""
    try:
        check(request)
    except InvalidRequestError as error:
        return [(finding.code, ".".join(map(str, finding.field or ()))) for finding in error.findings]
    return []


def ids(count: int) -> tuple[str, ...]:
    return tuple(f"topic-{number}" for number in range(count))


@given(any_request())
def test_nothing_that_a_client_can_send_is_more_than_a_finding(request: BulkSnapshotRequest) -> None:
    assert len(found(request)) <= MAX_FINDINGS
    assert len(request.hash) == 32


@given(any_request())
def test_what_passes_can_be_stored_and_sent_as_utf_8(request: BulkSnapshotRequest) -> None:
    if found(request):
        return
    texts = [*request.topic_ids, request.reason or "", request.idempotency_key or ""]
    for option in request.options:
        conditions = option.filter.all if option.filter else ()
        texts += [option.surrogate_key or "", *(text for item in conditions for text in (item.column, *item.values))]
    assert not any("\x00" in text for text in texts)
    "".join(texts).encode()


@pytest.mark.parametrize(
    ("topic_ids", "codes"),
    [
        pytest.param((), [UserErrorCode.EMPTY_INPUT], id="none"),
        pytest.param(ids(1), [], id="one"),
        pytest.param(ids(MAX_TOPICS), [], id="as many as are allowed"),
        pytest.param(ids(MAX_TOPICS + 1), [UserErrorCode.TOO_MANY_TOPICS], id="one too many"),
        pytest.param(("t",) * MAX_TOPICS, [], id="the same, as often as is allowed"),
        pytest.param(("t",) * (MAX_TOPICS + 1), [UserErrorCode.TOO_MANY_TOPICS], id="the same, once too often"),
        pytest.param(("",) * (MAX_TOPICS + 1), [UserErrorCode.TOO_MANY_TOPICS], id="too many that are invalid too"),
    ],
)
def test_number_of_topics(topic_ids: tuple[str, ...], codes: list[UserErrorCode]) -> None:
    assert found(make_request(*topic_ids)) == [(code, "topic_ids") for code in codes]


def test_the_limit_is_that_of_the_seed() -> None:
    assert MAX_TOPICS == 500


@pytest.mark.parametrize(
    "topic_id",
    [
        pytest.param("", id="empty"),
        pytest.param(" ", id="blank"),
        pytest.param("\t\n\u00a0\u2003", id="blank of many sorts"),
        pytest.param("x" * (MAX_ID_LENGTH + 1), id="one character too long"),
        pytest.param("x" * 10_000, id="far too long"),
        pytest.param(NUL, id="NUL"),
        pytest.param(UNPAIRED_HIGH, id="high surrogate"),
        pytest.param(UNPAIRED_LOW, id="low surrogate"),
        pytest.param(REVERSED_PAIR, id="surrogates in the wrong order"),
    ],
)
def test_ids_that_nothing_can_have(topic_id: str) -> None:
    assert not is_valid_id(topic_id)
    assert found(make_request("good", topic_id)) == [(UserErrorCode.INVALID_ID, "topic_ids.1")]


@pytest.mark.parametrize("topic_id", ["x", "x" * MAX_ID_LENGTH, " padded ", "\U0001f600", "٣", "'; DROP TABLE topic"])
def test_ids_that_may_be_odd_but_could_exist(topic_id: str) -> None:
    assert is_valid_id(topic_id)
    assert found(make_request(topic_id)) == []


def test_every_bad_id_is_named_by_its_place_and_no_more_than_an_answer_should_hold() -> None:
    assert found(make_request("", "good", "")) == [
        (UserErrorCode.INVALID_ID, "topic_ids.0"),
        (UserErrorCode.INVALID_ID, "topic_ids.2"),
    ]
    assert len(found(make_request(*[""] * MAX_TOPICS))) == MAX_FINDINGS


@given(st.lists(st.sampled_from("abcd"), min_size=1))
def test_duplicates_are_collapsed_to_their_first_appearance(topic_ids: list[str]) -> None:
    distinct = make_request(*topic_ids).distinct_ids

    assert set(distinct) == set(topic_ids)
    assert list(distinct) == sorted(set(topic_ids), key=topic_ids.index)


@pytest.mark.parametrize(
    ("options", "paths"),
    [
        pytest.param([TopicOptions("t")], [], id="nothing asked"),
        pytest.param([TopicOptions("t"), TopicOptions("u")], [], id="one for each topic"),
        pytest.param([TopicOptions("v")], ["0.topic_id"], id="for a topic not named"),
        pytest.param([TopicOptions("t"), TopicOptions("t")], ["0.topic_id", "1.topic_id"], id="two for one topic"),
        pytest.param([TopicOptions("v"), TopicOptions("v")], ["0.topic_id", "1.topic_id"], id="two for none"),
        pytest.param([TopicOptions("t", surrogate_key="id")], [], id="surrogate key"),
        pytest.param([TopicOptions("t", surrogate_key="")], ["0.surrogate_key"], id="empty surrogate key"),
        pytest.param([TopicOptions("t", surrogate_key="k" * 1000)], [], id="longest surrogate key"),
        pytest.param([TopicOptions("t", surrogate_key="k" * 1001)], ["0.surrogate_key"], id="too long a surrogate key"),
        *(
            pytest.param([TopicOptions("t", surrogate_key=text)], ["0.surrogate_key"], id=f"surrogate key {text!a}")
            for text in UNSTORABLE
        ),
        pytest.param([TopicOptions("t", make_filter())], [], id="filter"),
        pytest.param([TopicOptions("u"), TopicOptions("t", RowFilter(()))], ["1.filter"], id="empty filter"),
        pytest.param([TopicOptions("t", make_filter(), "id")], [], id="filter and surrogate key"),
    ],
)
def test_options(options: list[TopicOptions], paths: list[str]) -> None:
    expected = [(UserErrorCode.INVALID_OPTION, f"options.{path}") for path in paths]

    assert found(make_request("t", "u", options=tuple(options))) == expected


def test_a_blocking_snapshot_takes_filters_but_no_surrogate_key() -> None:
    def blocking(option: TopicOptions) -> BulkSnapshotRequest:
        return make_request("t", snapshot_type=SnapshotType.BLOCKING, options=(option,))

    assert found(blocking(TopicOptions("t", make_filter()))) == []
    assert found(blocking(TopicOptions("t", surrogate_key="id"))) == [
        (UserErrorCode.INVALID_OPTION, "options.0.surrogate_key")
    ]


@pytest.mark.parametrize(
    ("key", "valid"),
    [(None, True), ("k", True), (" ", True), ("k" * MAX_KEY_LENGTH, True), ("", False), ("k" * 256, False)]
    + [(text, False) for text in UNSTORABLE],
)
def test_idempotency_keys(key: str | None, *, valid: bool) -> None:
    expected = [] if valid else [(UserErrorCode.INVALID_VALUE, "idempotency_key")]

    assert found(make_request("t", idempotency_key=key)) == expected


@pytest.mark.parametrize(
    ("reason", "valid"),
    [(None, True), ("", True), ("r" * MAX_REASON_LENGTH, True), ("r" * 2001, False), *((t, False) for t in UNSTORABLE)],
)
def test_reasons(reason: str | None, *, valid: bool) -> None:
    expected = [] if valid else [(UserErrorCode.INVALID_VALUE, "reason")]

    assert found(make_request("t", reason=reason)) == expected


def test_all_that_is_wrong_is_told_at_once() -> None:
    request = make_request("", options=(TopicOptions("v"),), idempotency_key="", reason=NUL)

    with pytest.raises(InvalidRequestError) as caught:
        check(request)
    assert all(finding.message for finding in caught.value.findings)
    assert found(request) == [
        (UserErrorCode.INVALID_ID, "topic_ids.0"),
        (UserErrorCode.INVALID_OPTION, "options.0.topic_id"),
        (UserErrorCode.INVALID_VALUE, "idempotency_key"),
        (UserErrorCode.INVALID_VALUE, "reason"),
    ]


@given(any_request(), st.randoms(use_true_random=False))
def test_order_and_repetition_of_ids_and_options_do_not_change_the_hash(
    request: BulkSnapshotRequest, random: Random
) -> None:
    distinct_options = tuple({option.topic_id: option for option in request.options}.values())
    request = replace(request, options=distinct_options)
    topic_ids, options = [*request.topic_ids, *request.topic_ids[:2]], list(distinct_options)
    random.shuffle(topic_ids)
    random.shuffle(options)

    assert replace(request, topic_ids=tuple(topic_ids), options=tuple(options)).hash == request.hash


def test_key_and_reason_are_not_part_of_the_hash() -> None:
    assert make_request("t", idempotency_key="k", reason="r").hash == make_request("t").hash


MEANINGS = [
    make_request("t"),
    make_request("u"),
    make_request("t", "u"),
    make_request("t,u"),
    make_request("t", snapshot_type=SnapshotType.BLOCKING),
    make_request("t", options=(TopicOptions("t", surrogate_key="id"),)),
    make_request("t", options=(TopicOptions("t", surrogate_key="ID"),)),
    make_request("t", options=(TopicOptions("t", make_filter()),)),
    make_request("t", options=(TopicOptions("t", make_filter(column="price")),)),
    make_request("t", options=(TopicOptions("t", make_filter(operator=FilterOperator.NE)),)),
    make_request("t", options=(TopicOptions("t", make_filter(values=("11",))),)),
    make_request("t", options=(TopicOptions("t", make_filter(operator=FilterOperator.IN, values=("1", "2"))),)),
    make_request("t", options=(TopicOptions("t", make_filter(operator=FilterOperator.IN, values=("1, 2",))),)),
    make_request("t", "u", options=(TopicOptions("t", surrogate_key="id"),)),
    make_request("t", "u", options=(TopicOptions("u", surrogate_key="id"),)),
]


def test_requests_that_mean_different_things_have_different_hashes() -> None:
    assert len({request.hash for request in MEANINGS}) == len(MEANINGS)


def test_a_hash_is_the_same_in_every_process_and_release() -> None:
    """It is kept for days, and a gateway of the next release must know it again."""
    options = (TopicOptions("t", make_filter()), TopicOptions("ü", surrogate_key="id"))

    assert (
        make_request("ü", "t", options=options).hash.hex()
        == "c0bdf306bf58f219ecce1c58737742b500805f84fd9c616c2a507f989d147ac2"
    )
