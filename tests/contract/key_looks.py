"""Looks at the keys of tables in a real PostgreSQL."""

from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.trial import SourceDatabaseTrial
from snapshots.model import SourceConnector
from snapshots.plan import TopicRequest
from snapshots.ports.source_trial import Trial
from snapshots.signalling.key_settings import KeySettings
from snapshots.vocabulary import SkipReason
from tests.contract.conftest import KnownSecrets, table_source
from tests.support.factories import make_topic

DEFAULT = KeySettings()


async def look(
    url: str, *topics: TopicRequest, settings: KeySettings | None = DEFAULT, source: SourceConnector | None = None
) -> Trial:
    trial = SourceDatabaseTrial(SourceOpener(KnownSecrets({"env:SHOP": url})))
    return await trial.look(source or table_source(), topics, settings)


async def reasons(url: str, *topics: TopicRequest, settings: KeySettings = DEFAULT) -> dict[str, str]:
    """What is told of the keys of the topics, by topic id."""
    trial = await look(url, *topics, settings=settings)
    assert trial.warning is None
    assert {finding.reason for finding in trial.findings.values()} <= {SkipReason.UNSAFE_KEY}
    return {topic_id: finding.message for topic_id, finding in trial.findings.items()}


def asked(name: str, *, surrogate: str | None = None) -> TopicRequest:
    return TopicRequest(make_topic(name, table_source()), f"public.{name}", surrogate_key=surrogate)
