"""What a name or an id on the command line means."""

import pytest

from gateway.cli.client.names import NotKnownError, choose_sources, choose_topic, split_name

FOUND = [
    {"id": "src_1", "cluster": "main", "name": "shop"},
    {"id": "src_2", "cluster": "main", "name": "billing"},
    {"id": "src_3", "cluster": "other", "name": "shop"},
]


def test_sources_are_chosen_by_id_name_or_place() -> None:
    assert choose_sources([], FOUND) == FOUND
    assert choose_sources(["src_2", "billing"], FOUND) == [FOUND[1]]
    assert choose_sources(["shop"], FOUND) == [FOUND[0], FOUND[2]]
    assert choose_sources(["other/shop"], FOUND) == [FOUND[2]]
    with pytest.raises(NotKnownError, match="nobody"):
        choose_sources(["shop", "nobody"], FOUND)


def test_a_topic_that_is_meant_is_one() -> None:
    assert choose_topic("billing", FOUND[1:2]) == "src_2"
    with pytest.raises(NotKnownError, match="No topic has the name or id nothing"):
        choose_topic("nothing", [])
    with pytest.raises(NotKnownError, match="Name one of them with its cluster: main/shop, other/shop"):
        choose_topic("shop", [FOUND[2], FOUND[0]])


def test_a_topic_may_be_named_with_its_cluster() -> None:
    assert split_name("shop.public.orders") == (None, "shop.public.orders")
    assert split_name("east/shop.public.orders") == ("east", "shop.public.orders")
