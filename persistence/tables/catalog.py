"""The catalogue: clusters, connectors and topics."""

from sqlalchemy import Boolean, Column, Index, Integer, Table, Text, UniqueConstraint, text

from persistence.tables.columns import id_column, metadata, moment, reference, tenant_column

connect_cluster = Table(
    "connect_cluster",
    metadata,
    tenant_column(),
    id_column(),
    Column("name", Text, nullable=False),
    Column("connect_url", Text),
    Column("kafka_bootstrap", Text),
    Column("auth_ref", Text),
    moment("created_at", now=True),
    UniqueConstraint("tenant_id", "name"),
)

connector = Table(
    "connector",
    metadata,
    tenant_column(),
    id_column(),
    Column("cluster_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("connector_class", Text),
    Column("version", Text),
    Column("dialect", Text, nullable=False),
    Column("topic_prefix", Text),
    Column("signal_channel", Text),
    Column("signal_collection", Text),
    Column("signal_topic", Text),
    Column("signal_data_limit", Integer, nullable=False, server_default=text("2048")),
    Column("read_only", Boolean, nullable=False, server_default=text("false")),
    Column("notification_topic", Text),
    Column("database_url_ref", Text),
    Column("state", Text, nullable=False, server_default=text("'UNKNOWN'")),
    moment("state_observed_at"),
    Column("managed", Text, nullable=False),
    # Names of the fields that an operator set, separated by spaces: they win over what Kafka Connect tells.
    Column("explicit_fields", Text, nullable=False, server_default=text("''")),
    moment("retired_at"),
    moment("created_at", now=True),
    reference("cluster_id", "connect_cluster"),
    UniqueConstraint("tenant_id", "cluster_id", "name"),
    # Notifications name the connector by its topic prefix, on a topic of a cluster.
    Index("ix_connector_notifications", "tenant_id", "cluster_id", "notification_topic", "topic_prefix"),
)

topic = Table(
    "topic",
    metadata,
    tenant_column(),
    id_column(),
    Column("cluster_id", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("producer", Text, nullable=False),
    Column("connector_id", Text),
    Column("data_collection", Text),
    Column("mapping", Text),
    Column("keyless", Boolean),
    Column("exists", Boolean, nullable=False, server_default=text("false")),
    Column("ambiguous", Boolean, nullable=False, server_default=text("false")),
    Column("explicit_fields", Text, nullable=False, server_default=text("''")),
    moment("retired_at"),
    moment("created_at", now=True),
    reference("cluster_id", "connect_cluster"),
    reference("connector_id", "connector"),
    UniqueConstraint("tenant_id", "cluster_id", "name"),
    Index(None, "tenant_id", "name", "id"),
    Index(None, "tenant_id", "connector_id", "name", "id"),
)
