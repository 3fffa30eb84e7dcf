"""What an import makes of the catalogue, and what is refused."""

from dataclasses import replace
from itertools import count

import pytest

from snapshots.catalog.changes import changes
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector, ImportedTopic
from snapshots.catalog.importing import MAX_NAME_LENGTH, after_import
from snapshots.catalog.state import CatalogState, ConnectorEntry
from snapshots.channels import SignalChannelKind
from snapshots.errors import InvalidRequestError
from snapshots.ports.cluster_observer import ObservedConnector
from snapshots.vocabulary import Dialect, MappingKind, TopicProducer, UserErrorCode

MAIN = ImportedCluster("main", connect_url="http://connect:8083", kafka_bootstrap="kafka:9092", id="cluster-1")
SHOP = ImportedConnector("main", "shop", id="shop-1", dialect=Dialect.POSTGRESQL, signal_topic="shop-signal")
ORDERS = ImportedTopic("main", "shop.orders", id="topic-1", connector="shop", data_collection="public.orders")
ALL = CatalogImport((MAIN,), (SHOP,), (ORDERS,))
PLACE = ("cluster-1", "shop")
TOPIC_PLACE = ("cluster-1", "shop.orders")


def imported(before: CatalogState, given: CatalogImport) -> CatalogState:
    numbers = count(1)
    return after_import(before, given, new_id=lambda prefix: f"{prefix}_{next(numbers)}")


STATE = imported(CatalogState(), ALL)


def refused(given: CatalogImport, before: CatalogState = STATE) -> list[tuple[UserErrorCode, str, str]]:
    with pytest.raises(InvalidRequestError) as caught:
        imported(before, given)
    return [
        (finding.code, ".".join(map(str, finding.field or ())), finding.message) for finding in caught.value.findings
    ]


def test_ids_that_are_given_are_kept_and_others_are_made() -> None:
    assert STATE.clusters["cluster-1"].connect_url == "http://connect:8083"
    assert STATE.connectors[PLACE].id == "shop-1"
    assert STATE.topics[TOPIC_PLACE].id == "topic-1"
    anonymous = CatalogImport((replace(MAIN, id=None),), (replace(SHOP, id=None),), (replace(ORDERS, id=None),))
    made = imported(CatalogState(), anonymous)
    assert [*made.clusters, *(entry.id for entry in made.connectors.values())] == ["clu_1", "src_2"]
    assert [entry.id for entry in made.topics.values()] == ["top_3"]


def test_what_is_imported_is_explicit() -> None:
    entry = STATE.connectors[PLACE]
    assert entry.managed is MappingKind.EXPLICIT
    assert entry.explicit == {"dialect", "signal_topic"}
    assert STATE.topics[TOPIC_PLACE].mapping is MappingKind.EXPLICIT


def test_the_same_again_changes_nothing_with_or_without_ids() -> None:
    for given in (
        ALL,
        CatalogImport((replace(MAIN, id=None),), (replace(SHOP, id=None),), (replace(ORDERS, id=None),)),
    ):
        after = imported(STATE, given)
        assert after == STATE
        found = changes(STATE, after, dry_run=False)
        assert [part.unchanged for part in (found.clusters, found.connectors, found.topics)] == [1, 1, 1]


def test_connectors_and_topics_may_name_what_is_there_already() -> None:
    after = imported(STATE, CatalogImport(topics=(ImportedTopic("main", "shop.items", connector="shop"),)))
    assert after.topics["cluster-1", "shop.items"].values.connector_name == "shop"


def test_what_is_said_joins_what_was_observed_and_what_is_not_said_any_more_is_withdrawn() -> None:
    observed = ObservedConnector("shop", version="3.6", signal_channel=SignalChannelKind.KAFKA, signal_topic="derived")
    before = replace(STATE, connectors={PLACE: ConnectorEntry("src_1", observed)})
    said = ImportedConnector("main", "shop", signal_topic="said", read_only=True)

    first = imported(before, CatalogImport(connectors=(said,))).connectors[PLACE]
    assert first.values == replace(observed, signal_topic="said", read_only=True)
    assert first.explicit == {"signal_topic", "read_only"}

    state = replace(STATE, connectors={PLACE: first})
    later = imported(state, CatalogImport(connectors=(ImportedConnector("main", "shop", database_url_ref="env:A"),)))
    entry = later.connectors[PLACE]
    assert entry.values == replace(observed, signal_topic=None, read_only=False, database_url_ref="env:A")
    assert entry.explicit == {"database_url_ref"}


def test_whether_a_topic_is_keyless_or_exists_is_kept_unless_it_is_said() -> None:
    said = imported(STATE, CatalogImport(topics=(replace(ORDERS, keyless=True, exists=True),)))
    assert said.topics[TOPIC_PLACE].explicit == {"keyless"}
    unsaid = imported(said, CatalogImport(topics=(ORDERS,))).topics[TOPIC_PLACE]
    assert unsaid.explicit == frozenset()
    assert unsaid.values.keyless is None
    assert unsaid.values.exists is True


def test_look_alikes_are_marked() -> None:
    upper = ImportedTopic("main", "shop.Orders", connector="shop", data_collection="public.Orders")
    after = imported(STATE, CatalogImport(topics=(upper,)))
    assert [entry.ambiguous for entry in after.topics.values()] == [True, True]


def test_a_topic_without_a_source_can_be_imported() -> None:
    manual = ImportedTopic("main", "manual", producer=TopicProducer.MANUAL)
    entry = imported(STATE, CatalogImport(topics=(manual,))).topics["cluster-1", "manual"]
    assert (entry.values.producer, entry.values.connector_name) == (TopicProducer.MANUAL, None)


@pytest.mark.parametrize(
    ("given", "code", "field", "message"),
    [
        pytest.param(
            CatalogImport(topics=(ImportedTopic("main", "new", id="topic-1"),)),
            UserErrorCode.INVALID_ID,
            "topics.0.id",
            "The id topic-1 already belongs to the topic shop.orders.",
            id="an id of another topic",
        ),
        pytest.param(
            CatalogImport(topics=(ImportedTopic("main", "new", id="shop-1"),)),
            UserErrorCode.INVALID_ID,
            "topics.0.id",
            "The id shop-1 already belongs to the connector shop.",
            id="an id of something of another sort",
        ),
        pytest.param(
            CatalogImport(connectors=(ImportedConnector("main", "a", id="x"), ImportedConnector("main", "b", id="x"))),
            UserErrorCode.INVALID_ID,
            "connectors.1.id",
            "The id x already belongs to the connector a.",
            id="an id twice",
        ),
        pytest.param(
            CatalogImport(topics=(replace(ORDERS, id="topic-2"),)),
            UserErrorCode.INVALID_ID,
            "topics.0.id",
            "The topic shop.orders already has the id topic-1, and an id cannot be changed.",
            id="another id for a known topic",
        ),
        pytest.param(
            CatalogImport((replace(MAIN, id="cluster-2"),)),
            UserErrorCode.INVALID_ID,
            "clusters.0.id",
            "The cluster main already has the id cluster-1, and an id cannot be changed.",
            id="another id for a known cluster",
        ),
        pytest.param(
            CatalogImport(topics=(ImportedTopic("main", "new", id="x" * 129),)),
            UserErrorCode.INVALID_ID,
            "topics.0.id",
            "An id must be a text of 1 to 128 characters and must not be blank.",
            id="a long id",
        ),
        pytest.param(
            CatalogImport(topics=(ImportedTopic("elsewhere", "new"),)),
            UserErrorCode.NOT_FOUND,
            "topics.0.cluster",
            "There is no cluster elsewhere.",
            id="an unknown cluster",
        ),
        pytest.param(
            CatalogImport(topics=(ImportedTopic("main", "new", connector="absent"),)),
            UserErrorCode.NOT_FOUND,
            "topics.0.connector",
            "The cluster main has no connector absent.",
            id="an unknown connector",
        ),
        pytest.param(
            CatalogImport(topics=(ORDERS, ORDERS)),
            UserErrorCode.INVALID_VALUE,
            "topics.1.name",
            "shop.orders appears twice in this import.",
            id="a topic twice",
        ),
        pytest.param(
            CatalogImport((ImportedCluster(""),)),
            UserErrorCode.INVALID_VALUE,
            "clusters.0.name",
            f"A name must have 1 to {MAX_NAME_LENGTH} characters.",
            id="no name",
        ),
        pytest.param(
            CatalogImport(connectors=(replace(SHOP, signal_topic="a\x00b"),)),
            UserErrorCode.INVALID_VALUE,
            "connectors.0.signal_topic",
            "A text must not contain NUL or unpaired surrogates.",
            id="a text that cannot be stored",
        ),
    ],
)
def test_what_contradicts_is_refused(given: CatalogImport, code: UserErrorCode, field: str, message: str) -> None:
    assert refused(given) == [(code, field, message)]


def test_all_findings_are_told_at_once_and_not_too_many() -> None:
    wrong = tuple(ImportedTopic("elsewhere", f"t{number}") for number in range(60))
    assert len(refused(CatalogImport(topics=wrong))) == 50
