"""Debezium's own topics."""

from snapshots.engines.debezium.configuration.internal_topics import internal_topics

CONFIG = {
    "connector.class": "io.debezium.connector.postgresql.PostgresConnector",
    "topic.prefix": "shop",
    "signal.data.collection": "public.debezium_signal",
    "signal.enabled.channels": "source,kafka",
    "notification.enabled.channels": "sink",
    "notification.sink.topic.name": "notes",
    "schema.history.internal.kafka.topic": "history",
}


def test_the_topics_of_debezium_s_own_by_default() -> None:
    assert internal_topics(CONFIG) == {
        "shop",
        "shop-signal",
        "shop.public.debezium_signal",
        "shop.transaction",
        "__debezium-heartbeat.shop",
        "notes",
        "history",
    }


def test_their_names_can_be_configured() -> None:
    changed = {"topic.heartbeat.prefix": "beat", "topic.transaction": "tx", "topic.delimiter": "-"}
    assert {"beat-shop", "shop-tx", "shop-public-debezium_signal"} <= internal_topics({**CONFIG, **changed})


def test_a_connector_that_is_not_debezium_s_has_none() -> None:
    assert internal_topics({"connector.class": "example.Source"}) == frozenset()
