"""The one place that makes aiokafka's clients."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from aiokafka import errors

import gateway
import snapshots
from snapshots.engines.debezium import kafka
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from tests.support.factories import make_cluster

NOBODY = KafkaAccess("127.0.0.1:1")


def test_a_cluster_says_how_its_kafka_is_reached() -> None:
    assert KafkaAccess.to(replace(make_cluster(), kafka_bootstrap="a:1,b:2")) == KafkaAccess("a:1,b:2")
    assert KafkaAccess.to(replace(make_cluster(), kafka_bootstrap=None)) is None


async def test_a_kafka_that_is_away_is_an_error_of_kafka() -> None:
    clients = KafkaClients()
    for opening in (
        clients.connected(NOBODY, timeout_seconds=2),
        clients.administering(NOBODY, timeout_seconds=2),
        clients.reading(NOBODY, timeout_seconds=2),
    ):
        with pytest.raises(errors.KafkaError):
            await opening.__aenter__()


def test_nothing_else_makes_clients() -> None:
    """A client that is made elsewhere would be let in nowhere where Kafka wants TLS or SASL."""
    modules = [path for package in (gateway, snapshots) for path in Path(package.__path__[0]).rglob("*.py")]
    making = re.compile(r"AIOKafka\w+\(")
    assert [path for path in modules if making.search(path.read_text())] == [Path(kafka.__file__)]
