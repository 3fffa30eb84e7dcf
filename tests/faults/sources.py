"""The sources of the fault tests: two for the channel that cannot double a signal, two for Kafka."""

from sandbox.sources import Channel, Source
from tests.support.debezium.sources import Made, OwnSource

NOTIFICATIONS = "faults.notifications"
BIG = "big"
BIG_ROWS = 20_000
SMALL_ROWS = 50
SMALL = ("one", "two", "three")


def _source(name: str, channel: Channel, *, read_only: bool = False) -> OwnSource:
    source = Source(name, channel=channel, include={"schema.include.list": "public"}, read_only=read_only)
    return OwnSource(source, (Made(BIG, BIG_ROWS), *(Made(table, SMALL_ROWS) for table in SMALL)))


VAULT = _source("vault", "source")
SAFE = _source("safe", "source")
DESK = _source("desk", "kafka")
MIRROR = _source("mirror", "kafka", read_only=True)

SOURCES = (VAULT, SAFE, DESK, MIRROR)
ROWS = {source.topic(table.name): table.rows for source in SOURCES for table in source.tables}
