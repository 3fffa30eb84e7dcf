"""What a look at a source's database finds is shown by every way to ask: plan, mutation, retry and the REST twin."""

from collections.abc import Sequence

import pytest

from snapshots.model import SourceConnector
from snapshots.plan import Finding, TopicRequest
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import ConnectorState, SkipReason
from tests.support.api import ACCEPTED, Api
from tests.support.services import with_engine

MESSAGE = "The key column tags is of type text[]. Use BLOCKING."
WARNING = "The keys of its tables could not be checked: the database did not answer within 3 s."
SKIPS = [{"topicId": "top_invoices", "reason": "UNSAFE_KEY", "message": MESSAGE}]
PLAN = """query($input: BulkSnapshotTopicsInput!) { planBulkSnapshot(input: $input) {
  jobs { source { id } topics { id } warning } skippedTopics { topicId reason message } } }"""
RETRY = """mutation($input: RetryBulkSnapshotInput!) { retryBulkSnapshot(input: $input) {
  bulkSnapshot { id } skippedTopics { topicId reason message } userErrors { code } } }"""


class Looking:
    """Finds the key of `invoices` unsafe, and cannot ask the database of `shop`; BLOCKING is not looked at."""

    async def look(self, source: SourceConnector, topics: Sequence[TopicRequest], keys: KeySettings | None) -> Trial:
        if keys is None:
            return Trial()
        finding = Finding(SkipReason.UNSAFE_KEY, MESSAGE)
        found = {topic.topic.id: finding for topic in topics if topic.data_collection == "public.invoices"}
        return Trial(found, WARNING if source.name == "shop" else None)


@pytest.fixture
def looking(api: Api) -> Api:
    return api.over(with_engine(api.services, source_trial=Looking()))


async def test_a_plan_shows_what_is_skipped_and_what_is_not_known(looking: Api) -> None:
    given = {"topicIds": ["top_invoices", "top_payments", "top_orders"]}
    assert (await looking.data(PLAN, {"input": given}))["planBulkSnapshot"] == {
        "jobs": [
            {"source": {"id": "src_billing"}, "topics": [{"id": "top_payments"}], "warning": None},
            {"source": {"id": "src_shop"}, "topics": [{"id": "top_orders"}], "warning": WARNING},
        ],
        "skippedTopics": SKIPS,
    }


async def test_the_mutation_sends_the_others_and_says_what_is_not_known(looking: Api) -> None:
    selection = "results { success message source { id } } skippedTopics { topicId reason message }"
    payload = await looking.snapshot("top_orders", "top_invoices", "top_payments", selection=selection)
    assert payload["skippedTopics"] == SKIPS
    shop, billing = payload["results"]
    assert (shop["success"], billing["success"]) == (True, True)
    assert shop["message"] == f"{ACCEPTED} {WARNING}"
    assert billing["message"] == ACCEPTED
    assert [one.signal.data for one in looking.channel.recorded if "invoices" in one.signal.data] == []


async def test_a_blocking_snapshot_is_sent(looking: Api) -> None:
    payload = await looking.snapshot("top_invoices", selection="skippedTopics { reason }", snapshotType="BLOCKING")
    assert payload["skippedTopics"] == []
    assert len(looking.channel.recorded) == 1


async def test_a_retry_skips_it_as_well(api: Api, looking: Api) -> None:
    api.states.states["billing"] = ConnectorState.PAUSED
    made = await api.snapshot("top_invoices", "top_payments", selection="bulkSnapshot { id }")
    api.states.states["billing"] = ConnectorState.RUNNING

    given = {"input": {"bulkSnapshotId": made["bulkSnapshot"]["id"]}}
    payload = (await looking.data(RETRY, given))["retryBulkSnapshot"]

    assert payload["userErrors"] == []
    assert payload["skippedTopics"] == SKIPS
    assert ["public.payments" in one.signal.data for one in looking.channel.recorded] == [True]


async def test_the_rest_twin_shows_it(looking: Api) -> None:
    answer = await looking.post({"topic_ids": ["top_invoices", "top_payments"]}, "/topics/bulk/snapshot")
    assert answer.status == 200
    assert answer.json()["skipped_topics"] == [{"topic_id": "top_invoices", "reason": "UNSAFE_KEY", "message": MESSAGE}]
