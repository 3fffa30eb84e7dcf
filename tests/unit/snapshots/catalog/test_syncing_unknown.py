"""What a synchronisation makes of what it could not read: nothing is guessed, and what was known stays."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from snapshots.catalog.changes import changes
from snapshots.catalog.state import CatalogState, ConnectorEntry, TopicEntry, with_look_alikes
from snapshots.catalog.syncing import after_sync
from snapshots.channels import SignalChannelKind
from snapshots.model import Cluster
from snapshots.ports.cluster_observer import TOPICS, ObservedCluster, ObservedConnector, ObservedTopic
from snapshots.vocabulary import ConnectorKind, ConnectorState, Dialect, MappingKind, TopicProducer

EARLIER = datetime(2026, 1, 1, tzinfo=UTC)
NOW = EARLIER + timedelta(hours=1)
CLUSTER, OTHER_CLUSTER = "clu", "other"

CONFIGURED = frozenset(
    {
        "connector_class",
        "dialect",
        "topic_prefix",
        "signal_channel",
        "signal_collection",
        "signal_topic",
        "signal_data_limit",
        "read_only",
        "notification_topic",
    }
)
CONNECTOR_GAPS = (CONFIGURED | {"kind", TOPICS}, {"signal_data_limit", TOPICS}, {TOPICS}, {"version"}, {"state"})
TOPIC_GAPS = ({"data_collection", "keyless"}, {"exists"})

SHOP = ObservedConnector("shop", connector_class="Postgres", version="3", signal_data_limit=9000, topic_prefix="shop")
ORDERS = ObservedTopic("shop.public.orders", TopicProducer.SOURCE, "shop", "public.orders", keyless=False, exists=True)


def ids() -> Callable[[str], str]:
    numbers = count(1)
    return lambda prefix: f"{prefix}_new{next(numbers)}"


def synced(before: CatalogState, observed: ObservedCluster) -> CatalogState:
    return after_sync(before, CLUSTER, observed, new_id=ids(), now=NOW)


EMPTY = CatalogState({CLUSTER: Cluster(CLUSTER, "main", None, None)})
KNOWN = synced(EMPTY, ObservedCluster((SHOP,), (ORDERS,)))


def lacking(*fields: str) -> ObservedConnector:
    """The connector as it is seen where these fields could not be read."""
    defaults = ObservedConnector("shop")
    values = {name: getattr(defaults, name) for name in fields if name != TOPICS}
    return replace(SHOP, **values, unknown=frozenset(fields))


def test_topics_of_a_connector_whose_tables_are_unread_stay_as_they_were() -> None:
    after = synced(KNOWN, ObservedCluster((lacking("signal_data_limit", TOPICS),)))
    assert after == KNOWN
    found = changes(KNOWN, after, dry_run=False)
    assert (found.topics.retired, found.topics.unchanged, found.connectors.unchanged) == ((), 1, 1)


def test_what_is_learnt_meanwhile_is_taken() -> None:
    stranger = ObservedTopic(
        "shop.public.new", TopicProducer.SOURCE, "shop", "public.new", unknown=frozenset({"keyless"}), inferred=True
    )
    failed = replace(lacking("signal_data_limit", TOPICS), state=ConnectorState.FAILED, version="4")
    after = synced(KNOWN, ObservedCluster((failed,), (stranger,)))
    values = after.connectors[CLUSTER, "shop"].values
    assert (values.state, values.version, values.signal_data_limit) == (ConnectorState.FAILED, "4", 9000)
    assert after.topics[CLUSTER, "shop.public.new"].values == replace(stranger, unknown=frozenset(), inferred=False)


def test_a_guess_takes_the_place_of_nothing_known() -> None:
    guess = replace(
        ORDERS, data_collection="public.guess", keyless=None, exists=False, unknown=frozenset().union(*TOPIC_GAPS)
    )
    assert synced(KNOWN, ObservedCluster((lacking(TOPICS),), (guess,))) == KNOWN


def test_what_was_retired_comes_back_when_it_is_seen_and_not_on_a_guess() -> None:
    retired = synced(KNOWN, ObservedCluster((SHOP,)))
    unread = lacking("signal_data_limit", TOPICS)
    guess = replace(ORDERS, keyless=None, unknown=frozenset({"data_collection", "keyless"}), inferred=True)
    assert synced(retired, ObservedCluster((unread,), (guess,))) == retired
    assert synced(retired, ObservedCluster((unread,))) == retired
    assert synced(retired, ObservedCluster((unread,), (replace(guess, inferred=False),))) == KNOWN


def test_a_connector_that_is_only_named_is_kept_and_neither_added_nor_brought_back() -> None:
    named = lacking(*CONFIGURED, "kind", "version", "state", "state_observed_at", TOPICS)
    assert synced(KNOWN, ObservedCluster((named,))) == KNOWN
    assert synced(EMPTY, ObservedCluster((named,))) == EMPTY
    gone = synced(KNOWN, ObservedCluster())
    assert synced(gone, ObservedCluster((named,))) == gone


def test_a_connector_that_is_gone_takes_its_topics_with_it_whatever_is_unread_of_others() -> None:
    both = synced(EMPTY, ObservedCluster((SHOP, replace(SHOP, name="crm")), (ORDERS,)))
    after = synced(both, ObservedCluster((replace(lacking(TOPICS), name="crm"),)))
    assert after.connectors[CLUSTER, "shop"].retired_at == after.topics[CLUSTER, ORDERS.name].retired_at == NOW


def test_a_topic_stays_with_its_connector_while_another_one_claims_it() -> None:
    claim = replace(ORDERS, connector_name="crm", data_collection="crm.orders", keyless=True)
    crm = replace(SHOP, name="crm")
    after = synced(KNOWN, ObservedCluster((crm, lacking(TOPICS)), (claim,)))
    assert after.topics == KNOWN.topics
    unsure = replace(claim, exists=False, unknown=frozenset({"exists"}))
    assert synced(KNOWN, ObservedCluster((crm, lacking(TOPICS)), (unsure,))).topics == KNOWN.topics
    after = synced(KNOWN, ObservedCluster((crm, SHOP), (claim,)))
    assert after.topics[CLUSTER, ORDERS.name].values == claim


def test_what_is_unread_of_one_table_is_not_taken_from_another_ones() -> None:
    claim = replace(ORDERS, connector_name="crm", keyless=None, unknown=frozenset({"data_collection", "keyless"}))
    after = synced(KNOWN, ObservedCluster((replace(lacking(TOPICS), name="crm"), SHOP), (claim,)))
    assert after.topics[CLUSTER, ORDERS.name].values == replace(claim, unknown=frozenset())


def test_an_explicit_topic_keeps_what_cannot_be_observed() -> None:
    known = replace(KNOWN.topics[CLUSTER, ORDERS.name], mapping=MappingKind.EXPLICIT)
    before = replace(KNOWN, topics={(CLUSTER, ORDERS.name): known})
    unknown = replace(ORDERS, keyless=None, exists=False, unknown=frozenset().union(*TOPIC_GAPS))
    assert synced(before, ObservedCluster((SHOP,), (unknown,))) == before
    claim = replace(ORDERS, connector_name="crm", keyless=True)
    assert (
        synced(before, ObservedCluster((replace(SHOP, name="crm"), lacking(TOPICS)), (claim,))).topics == before.topics
    )


# Any catalogue, any observation.

NAMES = st.sampled_from(["a", "b", "c"])
TOPIC_NAMES = st.sampled_from(["t1", "t2", "t3", "t4"])
MAYBE_WORD = st.sampled_from([None, "x", "X", "y"])
EXPLICIT_FIELDS = st.frozensets(st.sampled_from(["version", "signal_channel", "topic_prefix"]))

connectors = st.builds(
    ObservedConnector,
    NAMES,
    kind=st.sampled_from(ConnectorKind),
    connector_class=MAYBE_WORD,
    version=MAYBE_WORD,
    dialect=st.sampled_from(Dialect),
    topic_prefix=MAYBE_WORD,
    signal_channel=st.sampled_from([None, *SignalChannelKind]),
    signal_data_limit=st.sampled_from([2048, 9000]),
    read_only=st.booleans(),
    state=st.sampled_from(ConnectorState),
    state_observed_at=st.sampled_from([None, EARLIER, NOW]),
)
topics = st.builds(
    ObservedTopic,
    TOPIC_NAMES,
    producer=st.sampled_from(TopicProducer),
    connector_name=st.none() | NAMES,
    data_collection=MAYBE_WORD,
    keyless=st.sampled_from([None, True, False]),
    exists=st.booleans(),
)


@st.composite
def catalogues(draw: st.DrawFn) -> CatalogState:
    retired = st.sampled_from([None, EARLIER])
    known = {
        (cluster, one.name): ConnectorEntry(
            f"{cluster}-{one.name}",
            one,
            draw(st.sampled_from(MappingKind)),
            draw(EXPLICIT_FIELDS),
            draw(retired),
        )
        for cluster in (CLUSTER, OTHER_CLUSTER)
        for one in draw(st.lists(connectors))
    }
    routed = {
        (cluster, one.name): TopicEntry(
            f"{cluster}-{one.name}",
            one if (cluster, one.connector_name) in known else replace(one, connector_name=None),
            draw(st.sampled_from([None, *MappingKind])),
            draw(st.sampled_from([frozenset[str](), frozenset({"keyless"})])),
            retired_at=draw(retired),
        )
        for cluster in (CLUSTER, OTHER_CLUSTER)
        for one in draw(st.lists(topics))
    }
    return with_look_alikes(replace(EMPTY, connectors=known, topics=routed))


observations = st.builds(
    ObservedCluster,
    st.lists(connectors, unique_by=lambda one: one.name).map(tuple),
    st.lists(topics, unique_by=lambda one: one.name).map(tuple),
)


@st.composite
def partly_unread(draw: st.DrawFn) -> tuple[ObservedCluster, ObservedCluster]:
    """An observation, and the same one where some parts could not be read."""
    full = draw(observations)

    def fields(gaps: tuple[set[str] | frozenset[str], ...]) -> frozenset[str]:
        return frozenset().union(*draw(st.lists(st.sampled_from(gaps))))

    marked = tuple(replace(one, unknown=fields(CONNECTOR_GAPS)) for one in full.connectors)
    unread = {one.name for one in marked if TOPICS in one.unknown}
    left = []
    for topic in full.topics:
        if topic.connector_name not in unread:
            left.append(replace(topic, unknown=fields(({"exists"},))))
        elif draw(st.booleans()):  # else it is not seen at all
            left.append(replace(topic, unknown=fields(TOPIC_GAPS), inferred=draw(st.booleans())))
    return full, ObservedCluster(marked, tuple(left))


def former_after_sync(before: CatalogState, observed: ObservedCluster) -> CatalogState:
    """The rules as they were when everything that was not seen counted as gone."""
    new_id = ids()
    known, routed = dict(before.connectors), dict(before.topics)
    for one in observed.connectors:
        place = CLUSTER, one.name
        entry = known.get(place)
        if entry is None:
            known[place] = ConnectorEntry(new_id("src"), one)
        else:
            said = {name: getattr(entry.values, name) for name in entry.explicit}
            known[place] = replace(entry, values=replace(one, **said), retired_at=None)
    seen = {one.name for one in observed.connectors}
    for (cluster, name), entry in before.connectors.items():
        if cluster == CLUSTER and name not in seen and entry.managed is MappingKind.DERIVED and not entry.retired_at:
            known[cluster, name] = replace(entry, retired_at=NOW)
    for given_topic in observed.topics:
        place = CLUSTER, given_topic.name
        topic = (
            given_topic if (CLUSTER, given_topic.connector_name) in known else replace(given_topic, connector_name=None)
        )
        mapping = MappingKind.DERIVED if topic.connector_name is not None else None
        found = routed.get(place)
        if found is None:
            routed[place] = TopicEntry(new_id("top"), topic, mapping)
        elif found.mapping is not MappingKind.EXPLICIT:
            routed[place] = replace(found, values=topic, mapping=mapping, retired_at=None)
        else:
            keyless = found.values.keyless if "keyless" in found.explicit else topic.keyless
            routed[place] = replace(
                found, values=replace(found.values, keyless=keyless, exists=topic.exists), retired_at=None
            )
    seen = {one.name for one in observed.topics}
    for (cluster, name), found in before.topics.items():
        if (
            cluster == CLUSTER
            and name not in seen
            and found.mapping is not MappingKind.EXPLICIT
            and not found.retired_at
        ):
            routed[cluster, name] = replace(found, retired_at=NOW)
    return with_look_alikes(replace(before, connectors=known, topics=routed))


@given(catalogues(), observations)
def test_where_everything_was_read_nothing_is_other_than_before(
    before: CatalogState, observed: ObservedCluster
) -> None:
    assert synced(before, observed) == former_after_sync(before, observed)


@given(catalogues(), partly_unread())
def test_what_is_unread_of_a_connector_keeps_its_value(
    before: CatalogState, both: tuple[ObservedCluster, ObservedCluster]
) -> None:
    after = synced(before, both[1])
    for observed in both[1].connectors:
        known, become = before.connectors.get((CLUSTER, observed.name)), after.connectors.get((CLUSTER, observed.name))
        if known is None:
            assert (become is not None) == observed.is_described
            continue
        assert become is not None
        assert become.retired_at == (None if observed.is_described else known.retired_at)
        for name in observed.unknown - {TOPICS}:
            assert getattr(become.values, name) == getattr(known.values, name)


@given(catalogues(), partly_unread())
def test_no_topic_of_an_unread_connector_is_lost_or_forgotten(
    before: CatalogState, both: tuple[ObservedCluster, ObservedCluster]
) -> None:
    after = synced(before, both[1])
    unread = {one.name for one in both[1].connectors if TOPICS in one.unknown}
    observed = {one.name: one for one in both[1].topics}
    for (cluster, name), known in before.topics.items():
        become, seen = after.topics[cluster, name], observed.get(name)
        if cluster != CLUSTER or known.values.connector_name not in unread:
            continue
        if known.retired_at is None:
            assert become.retired_at is None
            assert become.values.connector_name == known.values.connector_name
        elif seen is None or seen.inferred:
            assert become == known or known.mapping is MappingKind.EXPLICIT
        if known.retired_at is None and (seen is None or seen.connector_name != known.values.connector_name):
            assert replace(become.values, exists=True) == replace(known.values, exists=True)
            assert become.values.exists >= known.values.exists or known.mapping is MappingKind.EXPLICIT
        elif seen is not None and seen.connector_name == known.values.connector_name:
            for field in seen.unknown:
                assert getattr(become.values, field) == getattr(known.values, field)


@given(catalogues(), partly_unread())
def test_reading_less_never_retires_more(before: CatalogState, both: tuple[ObservedCluster, ObservedCluster]) -> None:
    def gone(observed: ObservedCluster) -> tuple[set[str | None], set[str | None]]:
        done = changes(before, synced(before, observed), dry_run=True)
        return {one.id for one in done.connectors.retired}, {one.id for one in done.topics.retired}

    full, part = gone(both[0]), gone(both[1])
    assert part[0] == full[0]
    # A topic that moves to a connector which cannot be read just then comes back as that one's.
    unread = {one.name for one in both[1].connectors if TOPICS in one.unknown}
    claimed = {(CLUSTER, one.name) for one in both[0].topics if one.connector_name in unread}
    moved = {
        known.id
        for place, known in before.topics.items()
        if place in claimed and known.values.connector_name not in unread
    }
    assert part[1] <= full[1] | moved


@given(catalogues(), partly_unread())
def test_what_is_kept_in_the_catalogue_has_no_marks(
    before: CatalogState, both: tuple[ObservedCluster, ObservedCluster]
) -> None:
    after = synced(before, both[1])
    assert all(not entry.values.unknown for entry in after.connectors.values())
    assert all(not entry.values.unknown and not entry.values.inferred for entry in after.topics.values())
