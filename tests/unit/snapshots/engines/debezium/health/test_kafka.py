"""Which records end Debezium's reading of signals (seen on 3.6), and a Kafka that cannot be asked."""

import pytest

from snapshots.engines.debezium.health.kafka import KafkaLook, KafkaLookError, WantedTopics, is_poison
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b'{"id":"1","type":"execute-snapshot","data":{"type":"INCREMENTAL"}}', False),
        (b'{"id":"1","type":"log","data":{}}', False),
        (b'{"id":"1","type":"log","data":"{}"}', True),
        (b'{"id":"1","type":"log","data":[]}', True),
        (b'{"id":"1","type":"log","data":null}', True),
        (b'{"id":"1","type":"log"}', True),
        (b"{}", True),
        (b"no json", False),
        (b"", False),
        (None, False),
    ],
)
def test_poison_is_json_whose_data_is_no_object(value: bytes | None, expected: bool) -> None:  # noqa: FBT001
    assert is_poison(value) is expected


@pytest.mark.parametrize("bootstrap", ["127.0.0.1:1", "no such host.invalid:9092", "127.0.0.1:x"])
async def test_a_kafka_that_is_away_is_told_in_a_sentence(bootstrap: str) -> None:
    look = KafkaLook(KafkaClients(), timeout_seconds=2)
    with pytest.raises(KafkaLookError, match="Kafka"):
        await look.observe(KafkaAccess(bootstrap), WantedTopics("signals", None, "shop", "group"))
