"""The follower's consumer comes from the clients that it is given."""

from gateway.following.kafka_consumer import make_consumer
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients

KAFKA = KafkaAccess("kafka:9092")


class Clients(KafkaClients):
    def member(self, access: KafkaAccess, group: str, *, max_records: int) -> object:
        return access, group, max_records


def test_the_clients_that_are_given_make_the_consumer() -> None:
    made: object = make_consumer(Clients(), KAFKA, "group")
    assert made == (KAFKA, "group", 500)
