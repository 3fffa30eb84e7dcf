"""From topics to jobs: which source gets which signals, and which topics are skipped and why. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from snapshots.errors import FilterError, SourceError
from snapshots.model import SourceConnector, Topic
from snapshots.plan import Finding, Plan, Refusal, Skip, SourceJob, TopicRequest
from snapshots.requesting.request import BulkSnapshotRequest, TopicOptions
from snapshots.signalling.names import stops_connector
from snapshots.signalling.packing import draft_signals
from snapshots.vocabulary import ConnectorKind, SkipReason, SnapshotErrorCode, SnapshotType, TopicProducer


def make_plan(
    request: BulkSnapshotRequest, routes: Mapping[str, Topic], findings: Mapping[str, Finding] | None = None
) -> Plan:
    """Plan `request` over `routes`, the topics of this tenant by id (unknown ids are absent).

    `findings` are those of the SourceTrial, by topic id: topics with a finding are skipped.
    """
    options = {option.topic_id: option for option in request.options}
    asked: dict[str, list[TopicRequest]] = {}
    sources: dict[str, SourceConnector] = {}
    skips: list[Skip] = []
    for topic_id in request.distinct_ids:
        topic = routes.get(topic_id)
        reason = _skip_reason(topic, request.snapshot_type)
        if topic is None or topic.source is None or topic.data_collection is None or reason:
            reason = reason or SkipReason.TOPIC_NOT_FOUND
            skips.append(Skip(topic_id, topic, reason, reason.explanation))
            continue
        if finding := (findings or {}).get(topic_id):
            skips.append(Skip(topic_id, topic, finding.reason, finding.message))
            continue
        sources.setdefault(topic.source.id, topic.source)
        option = options.get(topic_id, TopicOptions(topic_id))
        asked.setdefault(topic.source.id, []).append(
            TopicRequest(topic, topic.data_collection, option.filter, option.surrogate_key)
        )
    jobs = tuple(_job(sources[source_id], tuple(topics), request.snapshot_type) for source_id, topics in asked.items())
    return Plan(jobs, tuple(skips))


def _skip_reason(topic: Topic | None, snapshot_type: SnapshotType) -> SkipReason | None:
    if topic is None:
        return SkipReason.TOPIC_NOT_FOUND
    if topic.producer is not TopicProducer.SOURCE or topic.source is None or topic.source.kind is ConnectorKind.SINK:
        return SkipReason.NOT_FROM_SOURCE
    if not topic.data_collection or topic.data_collection.isspace():  # Debezium trims: an empty entry may match all
        return SkipReason.NO_DATA_COLLECTION
    if topic.keyless and snapshot_type is SnapshotType.INCREMENTAL:
        return SkipReason.KEYLESS_TABLE
    if stops_connector(topic.data_collection, snapshot_type, topic.source.dialect):
        return SkipReason.UNSAFE_NAME
    return None


def _job(source: SourceConnector, topics: tuple[TopicRequest, ...], snapshot_type: SnapshotType) -> SourceJob:
    job = SourceJob(source, topics, (), warning=None if source.is_followed else _not_followed(source))
    if source.signal_channel is None:
        message = (
            f"Connector {source.name} has no signal channel that Topicsnap can use. Enable `source` with a "
            "signal table and a reference to the database's credentials, or enable `kafka`."
        )
        return job.refused(Refusal(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False))
    if source.channel.uses_table and not source.signal_collection:
        message = (
            f"Connector {source.name} is signalled through a table, but its signal table is unknown. Import "
            "`signal_collection` for it, or run `topicsnap sync`."
        )
        return job.refused(Refusal(SnapshotErrorCode.SIGNALLING_NOT_CONFIGURED, message, retryable=False))
    try:
        return replace(job, signals=draft_signals(source, topics, snapshot_type))
    except FilterError as error:
        return job.refused(Refusal(SnapshotErrorCode.FILTER_NOT_SUPPORTED, str(error), retryable=False))
    except SourceError as error:
        return job.refused(Refusal(error.code, error.message, retryable=error.retryable))


def _not_followed(source: SourceConnector) -> str:
    if source.notification_topic is None:
        lack = f"connector {source.name} sends no notifications (`notification.enabled.channels`)"
    else:
        lack = f"the catalogue has no Kafka address for cluster {source.cluster.name}"
    return f"Topicsnap cannot follow this snapshot, because {lack}. How each table ends will stay unknown."
