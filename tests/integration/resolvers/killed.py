"""A process that asks for a bulk snapshot and kills itself at a given step, as a machine that loses its power does.

python -m tests.integration.resolvers.killed DATABASE_URL SOURCE_URL STEP [HOURS]

With HOURS it does not ask: it settles, so many hours later.
"""

import asyncio
import os
import signal
import sys

from persistence.database.pool import Database
from snapshots.channels import SignalChannelKind
from snapshots.engines.debezium.signal_channels.signal_table import SignalTableChannel
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.errors import SecretError
from snapshots.model import SourceConnector
from snapshots.ports.signal_channel import OutgoingSignal, Receipt
from snapshots.vocabulary import ConnectorState
from tests.integration.resolvers.bench import ProbedChannel, World, make_world

SOURCES = 4
TOPICS = tuple(f"top_{number}_{table}" for number in range(SOURCES) for table in range(2))
KEY = "the one"
REFERENCE = "env:SOURCE"


class OneSecret:
    """Knows the URL of the source database."""

    def __init__(self, url: str) -> None:
        self._url = url

    def resolve(self, reference: str) -> str:
        if reference != REFERENCE:
            raise SecretError(reference)
        return self._url


class KillingChannel(ProbedChannel):
    """Kills its process after so many sends have arrived."""

    left: int | None = None

    async def send(self, source: SourceConnector, signal: OutgoingSignal) -> Receipt:
        receipt = await super().send(source, signal)
        if self.left is not None:
            self.left -= 1
            if self.left <= 0:
                die()
        return receipt


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def table_world(database: Database, source_url: str) -> World:
    """A process that signals by the signal table at `source_url`."""
    channel = KillingChannel(SignalTableChannel(SourceOpener(OneSecret(source_url))))
    world = make_world(database, channels={SignalChannelKind.SOURCE_TABLE: channel})
    world.channel = channel
    world.connectors.states |= {f"connector-{number}": ConnectorState.RUNNING for number in range(SOURCES)}
    return world


async def run(database_url: str, source_url: str, step: str, hours: str | None = None) -> None:
    """Ask, or settle, and die at `step`: one of the ledger's, or `after N sends`."""

    async def probe(now: str) -> None:
        if now == step:
            die()

    world = table_world(Database.connect(database_url), source_url)
    world.gate.probe = probe
    if step.endswith("sends") and step.split()[1].isdigit():
        assert isinstance(world.channel, KillingChannel)
        world.channel.left = int(step.split()[1])
    if hours is None:
        await world.ask(*TOPICS, key=KEY)
    else:
        world.clock.advance(3600 * int(hours))
        await world.settle()


if __name__ == "__main__":
    asyncio.run(run(*sys.argv[1:]))
