"""`planBulkSnapshot`: what would be done, without doing it."""

from tests.support.api import Api

PLAN = """query($input: BulkSnapshotTopicsInput!) { planBulkSnapshot(input: $input) {
  jobs { source { id state } topics { id } signals { channel data topics { id } }
         refusal { code message retryable } conflict { id state } warning }
  skippedTopics { topicId reason } userErrors { code field } } }"""


async def test_a_plan_tells_the_signals_that_the_mutation_then_sends(api: Api) -> None:
    given: dict[str, list[str]] = {"topicIds": ["top_orders", "top_invoices", "nobody", "top_customers"]}
    plan = (await api.data(PLAN, {"input": given}))["planBulkSnapshot"]
    assert not api.channel.recorded
    assert (await api.data("{ bulkSnapshots { edges { cursor } } }"))["bulkSnapshots"]["edges"] == []

    await api.snapshot(*given["topicIds"], selection="userErrors { code }")
    sent = {recorded.source.id: [recorded.signal.data] for recorded in api.channel.recorded}
    planned = {job["source"]["id"]: [signal["data"] for signal in job["signals"]] for job in plan["jobs"]}
    assert planned == sent
    assert plan["skippedTopics"] == [{"topicId": "nobody", "reason": "TOPIC_NOT_FOUND"}]
    assert [topic["id"] for topic in plan["jobs"][0]["topics"]] == ["top_orders", "top_customers"]
    assert plan["jobs"][0]["source"]["state"] == "RUNNING"


async def test_a_plan_shows_conflicts_and_refusals(api: Api) -> None:
    made = await api.snapshot("top_orders", selection="results { snapshot { id } }")
    del api.states.states["billing"]
    plan = (await api.data(PLAN, {"input": {"topicIds": ["top_customers", "top_invoices"]}}))["planBulkSnapshot"]
    busy, missing = plan["jobs"]
    assert busy["conflict"] == {"id": made["results"][0]["snapshot"]["id"], "state": "DISPATCHED"}
    assert busy["refusal"] is None
    assert (missing["refusal"]["code"], missing["signals"], missing["conflict"]) == ("CONNECTOR_NOT_FOUND", [], None)


async def test_a_plan_warns_where_kafka_connect_is_silent(api: Api) -> None:
    api.states.unreachable = True
    plan = (await api.data(PLAN, {"input": {"topicIds": ["top_orders"]}}))["planBulkSnapshot"]
    assert plan["jobs"][0]["refusal"] is None
    assert "does not answer" in plan["jobs"][0]["warning"]


async def test_a_senseless_plan_is_refused_as_the_mutation_is(api: Api) -> None:
    plan = (await api.data(PLAN, {"input": {"topicIds": []}}))["planBulkSnapshot"]
    assert plan == {
        "jobs": [],
        "skippedTopics": [],
        "userErrors": [{"code": "EMPTY_INPUT", "field": ["input", "topicIds"]}],
    }
