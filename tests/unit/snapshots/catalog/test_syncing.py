"""What a synchronisation makes of the catalogue."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from snapshots.catalog.changes import ItemChanges, changes
from snapshots.catalog.state import CatalogState, ConnectorEntry, TopicEntry
from snapshots.catalog.syncing import after_sync
from snapshots.channels import SignalChannelKind
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.vocabulary import ConnectorState, MappingKind, TopicProducer

NOW = datetime(2026, 1, 1, tzinfo=UTC)
CLUSTER = "clu"
EMPTY = CatalogState({CLUSTER: Cluster(CLUSTER, "main", None, None)})

SHOP = ObservedConnector("shop", topic_prefix="shop", state=ConnectorState.RUNNING, state_observed_at=NOW)
ORDERS = ObservedTopic("shop.public.orders", TopicProducer.SOURCE, "shop", "public.orders", keyless=False, exists=True)


def sync(before: CatalogState, *connectors: ObservedConnector, topics: tuple[ObservedTopic, ...] = ()) -> CatalogState:
    numbers = count(len(before.connectors) + len(before.topics) + 1)
    observed = ObservedCluster(connectors, topics)
    return after_sync(before, CLUSTER, observed, new_id=lambda prefix: f"{prefix}_{next(numbers)}", now=NOW)


def connector(state: CatalogState, name: str = "shop") -> ConnectorEntry:
    return state.connectors[CLUSTER, name]


def topic(state: CatalogState, name: str = ORDERS.name) -> TopicEntry:
    return state.topics[CLUSTER, name]


def names(found: ItemChanges) -> tuple[list[str], list[str], list[str], int]:
    added, changed, retired = ([item.name for item in items] for items in (found.added, found.changed, found.retired))
    return added, changed, retired, found.unchanged


SYNCED = sync(EMPTY, SHOP, topics=(ORDERS,))


def with_explicit_connector(**fields: object) -> CatalogState:
    known = connector(SYNCED)
    values = replace(known.values, **fields)  # type: ignore[arg-type]
    entry = replace(known, values=values, managed=MappingKind.EXPLICIT, explicit=frozenset(fields))
    return replace(SYNCED, connectors={(CLUSTER, "shop"): entry})


def with_explicit_topic(explicit: frozenset[str] = frozenset(), **fields: object) -> CatalogState:
    known = topic(SYNCED)
    values = replace(known.values, **fields)  # type: ignore[arg-type]
    entry = replace(known, values=values, mapping=MappingKind.EXPLICIT, explicit=explicit)
    return replace(SYNCED, topics={(CLUSTER, ORDERS.name): entry})


def test_what_is_new_is_added_with_an_id() -> None:
    assert connector(SYNCED) == ConnectorEntry("src_1", SHOP, MappingKind.DERIVED)
    assert topic(SYNCED) == TopicEntry("top_2", ORDERS, MappingKind.DERIVED)
    found = changes(EMPTY, SYNCED, dry_run=True)
    assert names(found.connectors) == (["shop"], [], [], 0)
    assert names(found.topics) == ([ORDERS.name], [], [], 0)
    assert found.dry_run


def test_the_same_again_changes_nothing() -> None:
    again = sync(SYNCED, SHOP, topics=(ORDERS,))
    assert again == SYNCED
    assert names(changes(SYNCED, again, dry_run=False).topics) == ([], [], [], 1)


def test_what_differs_is_changed_and_keeps_its_id() -> None:
    after = sync(SYNCED, replace(SHOP, version="3.6"), topics=(replace(ORDERS, keyless=True),))
    assert connector(after).id == connector(SYNCED).id
    assert connector(after).values.version == "3.6"
    assert topic(after).values.keyless is True
    found = changes(SYNCED, after, dry_run=False)
    assert names(found.connectors) == ([], ["shop"], [], 0)
    assert names(found.topics) == ([], [ORDERS.name], [], 0)


def test_a_state_is_taken_over_without_counting_as_a_change() -> None:
    failed = replace(SHOP, state=ConnectorState.FAILED, state_observed_at=NOW + timedelta(minutes=1))
    after = sync(SYNCED, failed, topics=(ORDERS,))
    assert connector(after).values == failed
    assert names(changes(SYNCED, after, dry_run=False).connectors) == ([], [], [], 1)


def test_what_is_gone_is_retired_once_and_comes_back_under_its_id() -> None:
    gone = sync(SYNCED)
    assert connector(gone).retired_at == topic(gone).retired_at == NOW
    assert names(changes(SYNCED, gone, dry_run=False).topics) == ([], [], [ORDERS.name], 0)

    still_gone = sync(gone)
    assert still_gone == gone
    assert names(changes(gone, still_gone, dry_run=False).topics) == ([], [], [], 0)

    back = sync(gone, SHOP, topics=(ORDERS,))
    assert back == SYNCED
    assert names(changes(gone, back, dry_run=False).connectors) == (["shop"], [], [], 0)


def test_other_clusters_are_left_alone() -> None:
    other = TopicEntry("top_other", ORDERS, MappingKind.DERIVED)
    before = replace(SYNCED, topics={**SYNCED.topics, ("other", ORDERS.name): other})
    assert sync(before).topics["other", ORDERS.name] == other


def test_fields_that_an_operator_set_win_and_the_others_follow() -> None:
    before = with_explicit_connector(signal_channel=SignalChannelKind.SOURCE_TABLE, database_url_ref="env:SHOP")
    after = sync(before, replace(SHOP, signal_channel=SignalChannelKind.KAFKA, version="3.6"), topics=(ORDERS,))
    values = connector(after).values
    assert (values.signal_channel, values.database_url_ref) == (SignalChannelKind.SOURCE_TABLE, "env:SHOP")
    assert values.version == "3.6"
    assert connector(after).managed is MappingKind.EXPLICIT


def test_an_explicit_connector_is_not_retired() -> None:
    after = sync(with_explicit_connector(version="3.6"))
    assert connector(after).retired_at is None


def test_an_explicit_route_stays_and_whether_the_topic_exists_follows() -> None:
    before = with_explicit_topic(data_collection="other.orders", producer=TopicProducer.TRANSFORM, exists=False)
    after = sync(before, SHOP, topics=(replace(ORDERS, keyless=True),))
    expected = replace(ORDERS, data_collection="other.orders", producer=TopicProducer.TRANSFORM, keyless=True)
    assert topic(after).values == expected
    assert topic(after).mapping is MappingKind.EXPLICIT


@pytest.mark.parametrize("said", [True, False, None])
def test_keyless_is_the_operators_word_only_where_it_was_said(said: bool | None) -> None:  # noqa: FBT001
    explicit = frozenset({"keyless"}) if said is not None else frozenset[str]()
    after = sync(with_explicit_topic(explicit, keyless=said), SHOP, topics=(replace(ORDERS, keyless=True),))
    assert topic(after).values.keyless is (True if said is None else said)


def test_an_explicit_topic_is_not_retired() -> None:
    assert topic(sync(with_explicit_topic(), SHOP)).retired_at is None


def test_a_topic_of_a_connector_that_nobody_knows_has_no_source() -> None:
    after = sync(EMPTY, SHOP, topics=(replace(ORDERS, connector_name="unknown"),))
    assert topic(after).values.connector_name is None
    after = sync(EMPTY, SHOP, topics=(ObservedTopic("manual", TopicProducer.MANUAL),))
    assert topic(after, "manual").mapping is None


def test_of_two_of_one_name_the_first_counts() -> None:
    after = sync(EMPTY, SHOP, replace(SHOP, version="2"), topics=(ORDERS, replace(ORDERS, data_collection="b")))
    assert connector(after).values == SHOP
    assert topic(after).values == ORDERS


def test_look_alikes_are_marked_within_their_connector_only() -> None:
    upper = replace(ORDERS, name="shop.public.Orders", data_collection="public.Orders")
    elsewhere = replace(upper, name="crm.public.Orders", connector_name="crm")
    alone = sync(EMPTY, SHOP, ObservedConnector("crm"), topics=(ORDERS, elsewhere))
    assert not topic(alone).ambiguous
    assert not topic(alone, elsewhere.name).ambiguous

    together = sync(alone, SHOP, ObservedConnector("crm"), topics=(ORDERS, upper, elsewhere))
    assert topic(together).ambiguous
    assert topic(together, upper.name).ambiguous
    assert not topic(together, elsewhere.name).ambiguous
    assert names(changes(alone, together, dry_run=False).topics) == ([upper.name], [], [], 2)


def test_a_retired_look_alike_counts_no_more() -> None:
    upper = replace(ORDERS, name="shop.public.Orders", data_collection="public.Orders")
    both = sync(EMPTY, SHOP, topics=(ORDERS, upper))
    after = sync(both, SHOP, topics=(ORDERS,))
    assert not topic(after).ambiguous
    assert not topic(after, upper.name).ambiguous
