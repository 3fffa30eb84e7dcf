"""What the connector itself, its configuration and its version mean for snapshots. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from snapshots.channels import NO_CHANNEL
from snapshots.health.findings import HealthCheck, HealthFinding, error, info, ok, unknown, warning
from snapshots.health.names import some
from snapshots.ports.inspector import InspectedConnector, InspectedSignalling
from snapshots.ports.unknown import Unknown
from snapshots.vocabulary import ConnectorState, Dialect

_RERUNNING_MODES = {"always", "configuration_based"}
_OLDEST_READ_ONLY = (2, 7)
_OLDEST_POSTGRESQL = 13
_GTID_DIALECTS = {Dialect.MYSQL, Dialect.MARIADB}


@dataclass(frozen=True, slots=True)
class _Bug:
    """A bug that Debezium fixed in a version, according to its changelog."""

    fixed: tuple[int, ...]
    sentence: str
    channel: str | None = None
    """The signal channel that it concerns; None for all."""
    dialect: Dialect | None = None


# docs/debezium.md, "Known bugs by version".
_BUGS = (
    _Bug((2, 5), "signals sent over Kafka while the connector is down are lost", channel="kafka"),
    _Bug((3, 0, 5), "signals may run again after a restart"),
    _Bug((3, 3), "a restart after a failed blocking snapshot loses data"),
    _Bug((3, 3), "a bad filter of a blocking snapshot pauses streaming forever"),
    _Bug((3, 3), "filters of a snapshot are ignored", dialect=Dialect.MONGODB),
    _Bug((3, 6), "several blocking signals deadlock, and a stop may not work"),
    _Bug((3, 7), "a snapshot is silently given up if its window cannot be opened"),
    _Bug((3, 7), "a malformed row of the signal table makes the connector fail again and again", channel="source"),
)
NEWEST_FIX = "3.7"


def connector_findings(observed: InspectedSignalling) -> Iterator[HealthFinding]:
    """Yield the findings about the connector's state, version and configuration."""
    source, connector = observed.source, observed.connector
    if isinstance(connector, Unknown):
        remedy = "Check the cluster's Kafka Connect URL and credentials, and that Kafka Connect is running."
        yield unknown(HealthCheck.KAFKA_CONNECT, source.cluster.name, connector.reason, remedy)
        return
    if connector is None:
        message = f"Kafka Connect of cluster {source.cluster.name} has no connector of this name."
        yield error(HealthCheck.CONNECTOR_STATE, source.name, message, "Create the connector, or run `topicsnap sync`.")
        return
    yield _state(observed, connector)
    yield _version(observed, connector)
    yield _prefix(observed, connector)
    yield _channels(observed, connector)
    if connector.settings.read_only:
        yield _read_only(observed, connector)
    if connector.settings.snapshot_mode in _RERUNNING_MODES:
        message = f"With snapshot.mode={connector.settings.snapshot_mode}, a restart can lose a running snapshot."
        remedy = "Use snapshot.mode=no_data or when_needed once the connector has taken its first snapshot."
        yield warning(HealthCheck.SNAPSHOT_MODE, source.name, message, remedy)


def _state(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    name = observed.source.name
    if connector.state is ConnectorState.RUNNING:
        return ok(HealthCheck.CONNECTOR_STATE, name, "The connector and its tasks are RUNNING.")
    because = f": {connector.trace}" if connector.trace else ""
    message = f"The connector or one of its tasks is {connector.state}{because}."
    if connector.state.reads_signals:
        return warning(
            HealthCheck.CONNECTOR_STATE, name, message, "Wait a moment; Kafka Connect is already working on it."
        )
    if connector.state is ConnectorState.FAILED:
        remedy = "Fix the cause, then restart it: POST /connectors/<name>/restart?includeTasks=true&onlyFailed=true."
    else:
        remedy = "Resume it: PUT /connectors/<name>/resume."
    return error(HealthCheck.CONNECTOR_STATE, name, message, remedy)


def _version(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    name, version = observed.source.name, parse_version(connector.version)
    if version is None:
        message = "The version of the connector's plug-in is unknown, so Topicsnap cannot check it for known bugs."
        return unknown(HealthCheck.CONNECTOR_VERSION, name, message)
    settings = connector.settings
    bugs = [
        bug.sentence
        for bug in _BUGS
        if version < bug.fixed and bug.channel in {None, *settings.channels} and bug.dialect in {None, settings.dialect}
    ]
    if not bugs:
        return ok(HealthCheck.CONNECTOR_VERSION, name, f"Debezium {connector.version} has none of the known bugs.")
    message = f"Debezium {connector.version} has known bugs: {'; '.join(bugs)}."
    remedy = f"Upgrade to {NEWEST_FIX} or later when convenient."
    return warning(HealthCheck.CONNECTOR_VERSION, name, message, remedy)


def parse_version(text: str | None) -> tuple[int, ...] | None:
    """Return the numbers at the start of a version such as `3.6.3.Final`, at most three; None if there are none."""
    numbers: list[int] = []
    for part in (text or "").split(".")[:3]:
        if not (part.isascii() and part.isdigit()):
            break
        numbers.append(int(part))
    return tuple(numbers) or None


def _prefix(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    name, theirs, ours = observed.source.name, connector.settings.topic_prefix, observed.source.topic_prefix
    if theirs is None:
        remedy = "Set topic.prefix, then run `topicsnap sync`."
        return error(HealthCheck.TOPIC_PREFIX, name, "The connector has no topic.prefix.", remedy)
    if theirs != ours:
        message = (
            f"The catalogue has the topic prefix {ours}, but the connector has {theirs}. The connector ignores "
            "signals with another key, and Topicsnap does not recognise its notifications."
        )
        remedy = "Run `topicsnap sync`. If the prefix comes from an import, correct it there."
        return error(HealthCheck.TOPIC_PREFIX, name, message, remedy)
    return ok(
        HealthCheck.TOPIC_PREFIX, name, f"The topic prefix, which is also the key of signals over Kafka, is {theirs}."
    )


def _channels(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    source, settings = observed.source, connector.settings
    enabled = some(settings.channels)
    problem = _channel_problem(observed, connector)
    if problem is not None:
        message, remedy = problem
        return error(HealthCheck.SIGNAL_CHANNELS, source.name, message, remedy)
    if source.channel.is_simulated:
        return info(HealthCheck.SIGNAL_CHANNELS, source.name, "The engine is simulated.")
    message = f"Topicsnap signals through {source.signal_channel}; the connector listens to: {enabled}."
    return ok(HealthCheck.SIGNAL_CHANNELS, source.name, message)


def _channel_problem(observed: InspectedSignalling, connector: InspectedConnector) -> tuple[str, str] | None:
    """Return the problem and its remedy."""
    channel, settings = observed.source.channel, connector.settings
    writes = not settings.read_only
    endless = (
        "The channel `source` is not enabled and the connector is not read-only. An incremental snapshot starts "
        "and then hangs forever, because its watermarks come back through that channel."
    )
    problems = (
        (
            channel is NO_CHANNEL,
            f"Topicsnap has no channel to signal this connector; the connector listens to: {some(settings.channels)}.",
            (
                "Enable `source` with signal.data.collection and import a reference to the database's credentials, "
                "or enable `kafka`."
            ),
        ),
        (
            channel.word is not None and channel.word not in settings.channels,
            f"Topicsnap signals this connector {channel.manner}, but the channel `{channel.word}` is not enabled.",
            f"Add `{channel.word}` to signal.enabled.channels.",
        ),
        (
            "kafka" in settings.channels and not settings.has_signal_bootstrap,
            "The channel `kafka` has no brokers.",
            "Set signal.kafka.bootstrap.servers.",
        ),
        (
            writes and "source" not in settings.channels,
            endless,
            "Add `source` to signal.enabled.channels, or set read.only=true if the database allows it.",
        ),
        (
            writes and settings.signal_collection is None,
            "The connector has no signal table, which incremental snapshots need for their watermarks.",
            "Set signal.data.collection, or read.only=true if the database allows it.",
        ),
    )
    return next(((message, remedy) for wrong, message, remedy in problems if wrong), None)


def _read_only(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    code, name, settings = HealthCheck.READ_ONLY, observed.source.name, connector.settings
    if "kafka" not in settings.channels:
        message = "A read-only connector cannot be signalled through a table, and the channel `kafka` is not enabled."
        return error(code, name, message, "Add `kafka` to signal.enabled.channels.")
    if settings.dialect is Dialect.POSTGRESQL:
        return _read_only_postgresql(observed, connector)
    if settings.dialect in _GTID_DIALECTS:
        return unknown(
            code, name, "The connector is read-only. This needs GTIDs (gtid_mode=ON), which Topicsnap does not check."
        )
    message = f"read.only=true is not known to work for incremental snapshots of {settings.dialect}."
    return unknown(code, name, message)


def _read_only_postgresql(observed: InspectedSignalling, connector: InspectedConnector) -> HealthFinding:
    code, name, database = HealthCheck.READ_ONLY, observed.source.name, observed.database
    version = parse_version(connector.version)
    if version is not None and version < _OLDEST_READ_ONLY:
        message = f"Debezium {connector.version} cannot snapshot PostgreSQL incrementally with read.only=true."
        return error(code, name, message, "Upgrade to 2.7 or later, or use a signal table.")
    if database is None or isinstance(database, Unknown) or version is None:
        return unknown(
            code, name, "The connector is read-only. This needs PostgreSQL 13 and Debezium 2.7, or later versions."
        )
    if database.version < _OLDEST_POSTGRESQL:
        message = f"PostgreSQL {database.version} lacks the transaction ids that read.only=true needs."
        return error(code, name, message, "Upgrade to PostgreSQL 13, or use a signal table.")
    message = (
        f"The connector is read-only; PostgreSQL {database.version} and Debezium {connector.version} support that."
    )
    return ok(code, name, message)
