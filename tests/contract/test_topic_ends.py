"""Where topics end, asked of a real broker (Tansu, not Apache Kafka)."""

from sandbox.stack import Sandbox
from snapshots.engines.debezium.kafka import KafkaAccess, KafkaClients
from snapshots.engines.debezium.verification.topic_reader import KafkaTopicReader
from snapshots.model import Cluster
from tests.contract.conftest import make_id


async def test_topics_that_nothing_was_written_to_yet_have_no_ends(sandbox: Sandbox) -> None:
    cluster = Cluster("c", "c", None, sandbox.broker.bootstrap)
    reader = KafkaTopicReader(KafkaClients())
    missing, other = make_id("never"), make_id("never")
    assert await reader.ends(cluster, [missing]) == {missing: {}}
    assert await reader.ends(cluster, [missing, other]) == {missing: {}, other: {}}
    there = make_id("there")
    await sandbox.broker.create_topics([there])
    assert await reader.ends(cluster, [missing, there]) == {missing: {}, there: {0: 0}}


async def test_a_reading_that_is_given_up_at_once_cancels_nobody(sandbox: Sandbox) -> None:
    async with KafkaTopicReader(KafkaClients())._consumer(KafkaAccess(sandbox.broker.bootstrap)):
        pass
