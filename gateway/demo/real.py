"""The real chain: the sandbox, described to the gateway as an operator would describe it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from gateway.databases import DATABASE
from gateway.demo.chain import CLUSTER, OTHER_TOPICS, Chain
from gateway.demo.steps import Steps
from gateway.engine import debezium
from gateway.errors import StartError
from gateway.secrets import ReferencedSecrets
from sandbox.errors import SandboxError
from sandbox.stack import Sandbox
from snapshots.catalog.imported import CatalogImport, ImportedCluster, ImportedConnector
from snapshots.channels import SignalChannelKind

NOTE = (
    "Everything here runs on this machine and is gone when you stop it: PostgreSQL, Kafka Connect with Debezium, and "
    "Tansu, a broker that speaks Kafka's protocol (not Apache Kafka)."
)


@asynccontextmanager
async def real_chain(directory: Path, steps: Steps) -> AsyncIterator[Chain]:
    """Start the sandbox below `directory`, and end it whatever happens. Raises StartError."""
    sandbox = Sandbox(directory, steps.report)
    try:
        await sandbox.__aenter__()
    except SandboxError as error:
        raise StartError(f"The demo's Debezium did not start: {error}") from error
    try:
        await sandbox.postgres.create_database(DATABASE)
        variables = {name: f"DEMO_{name.upper()}_DATABASE_URL" for name in sandbox.sources}
        environ = {variables[name]: source.database_url for name, source in sandbox.sources.items()}
        yield Chain(
            database_url=sandbox.postgres.url(DATABASE),
            engine=debezium(ReferencedSecrets({**os.environ, **environ})),
            catalog=_catalog(sandbox, variables),
            sync=True,
            notes=(NOTE,),
        )
    finally:
        await sandbox.__aexit__(None, None, None)


def _catalog(sandbox: Sandbox, variables: dict[str, str]) -> CatalogImport:
    cluster = ImportedCluster(CLUSTER, connect_url=sandbox.connect.url, kafka_bootstrap=sandbox.broker.bootstrap)
    connectors = tuple(
        ImportedConnector(
            CLUSTER,
            running.source.connector,
            # Where both would do Topicsnap takes the table, which cannot double a signal; this shows all three ways.
            signal_channel=SignalChannelKind.KAFKA if running.source.channel == "kafka" else None,
            database_url_ref=f"env:{variables[name]}",
        )
        for name, running in sandbox.sources.items()
    )
    return CatalogImport((cluster,), connectors, OTHER_TOPICS)
