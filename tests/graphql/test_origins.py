"""Who started a source snapshot, and whether it can be followed: what clients see of both."""

from datetime import timedelta

from resolvers.following.apply_notifications import apply_notifications
from resolvers.principal import LOCAL_PRINCIPAL
from snapshots.following.notifications import Notification, NotificationKind
from tests.support.api import ACCEPTED, Api

SNAPSHOT = "id origin followed state message source { id } signals { id } topics { topic { id } }"


async def tell_of_a_signal_by_hand(api: Api) -> None:
    """The connector of the shop tells that somebody else's signal has begun."""
    now = api.services.clock()
    [cluster] = await api.services.catalog.clusters(LOCAL_PRINCIPAL.tenant_id)
    started = Notification(
        cluster_id=cluster.id,
        topic="shop.notifications",
        partition=0,
        offset=0,
        record_timestamp_ms=int(now.timestamp() * 1000),
        prefix="shop",
        id="by-hand",
        kind=NotificationKind.STARTED,
        incremental=True,
        at=now - timedelta(seconds=1),
        collections=("public.orders", "public.unheard_of"),
    )
    await apply_notifications(api.services, LOCAL_PRINCIPAL.tenant_id, cluster.id, [started])


async def test_what_is_asked_for_says_so_and_is_followed(api: Api) -> None:
    made = await api.snapshot("top_orders", selection=f"bulkSnapshot {{ snapshots {{ {SNAPSHOT} }} }}")
    [snapshot] = made["bulkSnapshot"]["snapshots"]
    assert (snapshot["origin"], snapshot["followed"], snapshot["message"]) == ("REQUESTED", True, None)


async def test_what_somebody_else_started_holds_its_source_and_is_shown(api: Api) -> None:
    await tell_of_a_signal_by_hand(api)
    held = (await api.data(f'{{ source(id: "src_shop") {{ activeSnapshot {{ {SNAPSHOT} }} }} }}'))["source"]
    external = held["activeSnapshot"]
    assert (external["origin"], external["state"], external["signals"]) == ("EXTERNAL", "RUNNING", [])
    assert external["topics"] == [{"topic": {"id": "top_orders"}}]

    selection = "results { success message ... on SourceSnapshotFailed { code retryable } }"
    [result] = (await api.snapshot("top_customers", selection=selection))["results"]
    assert (result["success"], result["code"], result["retryable"]) == (False, "SNAPSHOT_ALREADY_RUNNING", True)
    assert external["id"] in result["message"]

    found = await api.data(
        '{ bulkSnapshots(filter: {requestedBy: ["external"]}) { edges { node { requestedBy results { message } } } } }'
    )
    [edge] = found["bulkSnapshots"]["edges"]
    assert edge["node"]["requestedBy"] == "external"
    assert edge["node"]["results"] == [{"message": "Started by somebody else; seen by what the connector told."}]


async def test_what_cannot_be_followed_says_so_before_and_after(api: Api) -> None:
    async with api.database.write() as connection:
        await connection.exec_driver_sql("UPDATE connector SET notification_topic = NULL WHERE id = 'src_shop'")
    cannot = (
        "Topicsnap cannot follow this snapshot, because connector shop sends no notifications "
        "(`notification.enabled.channels`). How each table ends will stay unknown."
    )
    made = await api.snapshot("top_orders", selection=f"results {{ success message snapshot {{ {SNAPSHOT} }} }}")
    [result] = made["results"]
    assert (result["success"], result["message"]) == (True, f"{ACCEPTED} {cannot}")
    assert (result["snapshot"]["followed"], result["snapshot"]["message"]) == (False, cannot)
