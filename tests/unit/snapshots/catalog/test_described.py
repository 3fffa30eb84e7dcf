"""What a description makes of an entry: every field arrives, and one that has nowhere to go is told at once."""

from dataclasses import dataclass, fields, replace

import pytest

from snapshots.catalog.described import all_fields, described_cluster, described_topic, same_fields
from snapshots.catalog.imported import ImportedCluster, ImportedTopic
from snapshots.vocabulary import TopicProducer


@dataclass(frozen=True)
class Said:
    name: str
    secret_ref: str | None = None


@dataclass(frozen=True)
class Fitting:
    name: str
    secret_ref: str | None = None


@dataclass(frozen=True)
class Narrow:
    name: str


def test_fields_go_by_their_names_or_by_the_new_ones() -> None:
    assert all_fields(Said, Fitting) == {"name": "name", "secret_ref": "secret_ref"}
    assert same_fields(Said, Narrow, but={"secret_ref"}) == {"name": "name"}
    assert same_fields(Said, Narrow, but={"name"}, renamed={"secret_ref": "name"}) == {"secret_ref": "name"}


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(TypeError, match="Said and Narrow do not fit: secret_ref"):
        all_fields(Said, Narrow)
    with pytest.raises(TypeError, match="Said and Narrow do not fit: secret_ref"):
        all_fields(Narrow, Said)
    with pytest.raises(TypeError, match="do not fit: other"):
        same_fields(Said, Fitting, but={"other"})
    with pytest.raises(TypeError, match="do not fit: old"):
        same_fields(Said, Fitting, renamed={"old": "name"})


def test_every_field_of_a_cluster_arrives() -> None:
    said = replace(ImportedCluster("main"), **{one.name: f"the {one.name}" for one in fields(ImportedCluster)})
    made = described_cluster(said, "clu_1")
    assert {one.name: getattr(made, one.name) for one in fields(made)} == {
        one.name: "clu_1" if one.name == "id" else f"the {one.name}" for one in fields(said)
    }


def test_a_topic_s_route_is_as_said_also_where_nothing_is_said_of_it() -> None:
    said = ImportedTopic("main", "t", producer=TopicProducer.TRANSFORM, connector="shop", data_collection="a.t")
    first = described_topic(None, replace(said, keyless=True, exists=True), "top_1")
    assert (first.values.connector_name, first.values.data_collection) == ("shop", "a.t")
    again = described_topic(first, ImportedTopic("main", "t"), "top_1")
    assert (again.values.producer, again.values.connector_name) == (TopicProducer.SOURCE, None)
    assert (again.values.data_collection, again.values.keyless, again.values.exists) == (None, None, True)
    assert (first.explicit, again.explicit) == (frozenset({"keyless"}), frozenset())
