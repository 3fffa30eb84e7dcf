"""All ports of one engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from snapshots.channels import SignalChannelKind
from snapshots.ports.cluster_observer import ClusterObserver
from snapshots.ports.connector_states import ConnectorStates
from snapshots.ports.inspector import SignallingInspector
from snapshots.ports.signal_channel import SignalChannel
from snapshots.ports.snapshot_probe import SnapshotProbe
from snapshots.ports.source_rows import SourceRows
from snapshots.ports.source_trial import SourceTrial
from snapshots.ports.topic_reader import TopicReader


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Engine:
    """Everything that reaches out of the process, for the operations to work with. No part has a default."""

    channels: Mapping[SignalChannelKind, SignalChannel]
    connector_states: ConnectorStates
    observer: ClusterObserver
    inspector: SignallingInspector
    probe: SnapshotProbe
    source_trial: SourceTrial
    topic_reader: TopicReader
    source_rows: SourceRows
    simulated: bool
    """Whether no Debezium stands behind the ports; shown wherever results are."""
