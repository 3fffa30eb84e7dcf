"""Signals as somebody would send them by hand, and what Debezium tells of them: nothing of our own is in between."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count

from persistence.embedded.sessions import connected
from sandbox.topics import Record, read_topics, write_record
from tests.support.debezium.chain import Chain
from tests.support.debezium.sources import NOTIFICATIONS, OwnSource

END_SECONDS = 30.0
_NOW_SECONDS = 0.7
"""How long reading to the end of the topic may take: the broker does not tell where that is."""
_NUMBERS = count(1)

Data = Mapping[str, object]


@dataclass(frozen=True)
class Note:
    """A notification."""

    id: str
    type: str
    aggregate: str
    details: Mapping[str, str]

    @property
    def scan(self) -> tuple[str, str] | None:
        """The collection whose scan has ended, and how."""
        if self.type != "TABLE_SCAN_COMPLETED":
            return None
        return self.details["scanned_collection"], self.details["status"]


def execute(*entries: str, snapshot_type: str = "INCREMENTAL", **more: object) -> dict[str, object]:
    """The data of an `execute-snapshot` signal; underscores in names stand for dashes."""
    return {
        "data-collections": list(entries),
        "type": snapshot_type,
        **{name.replace("_", "-"): value for name, value in more.items()},
    }


def condition(collection: str, sql: str) -> list[dict[str, str]]:
    """The value of `additional-conditions` with one condition."""
    return [{"data-collection": collection, "filter": sql}]


async def send(
    chain: Chain,
    source: OwnSource,
    data: object,
    *,
    signal_id: str | None = None,
    signal_type: str = "execute-snapshot",
    key: str | None = None,
) -> str:
    """Send a signal by the source's own channel, whatever it says; return its id."""
    signal_id = signal_id or f"raw-{next(_NUMBERS)}"
    if source.source.channel == "kafka":
        value = {"id": signal_id, "type": signal_type, "data": data}
        bootstrap, topic = chain.sandbox.broker.bootstrap, source.source.signal_topic
        await write_record(bootstrap, topic, key or source.source.topic_prefix, value)
    else:
        async with connected(chain.database_url(source)) as connection:
            insert = "INSERT INTO public.debezium_signal VALUES ($1, $2, $3)"
            await connection.execute(insert, signal_id, signal_type, json.dumps(data))
    return signal_id


async def send_together(chain: Chain, source: OwnSource, *signals: tuple[str, Data]) -> list[str]:
    """Insert signals of type and data in one transaction; return their ids."""
    ids = [f"raw-{next(_NUMBERS)}" for _ in signals]
    rows = zip(ids, signals, strict=True)
    values = [f"('{id}', '{signal_type}', '{json.dumps(data)}')" for id, (signal_type, data) in rows]
    await chain.execute(source, f"INSERT INTO public.debezium_signal VALUES {', '.join(values)}")
    return ids


async def told(
    chain: Chain,
    source: OwnSource,
    *,
    until: tuple[str, str] | None = None,
    times: int = 1,
    ends_after: int | None = None,
    within_seconds: float = _NOW_SECONDS,
) -> list[Note]:
    """Return all that the source has told by now, or within some seconds from now.

    Or once the signal of that id was told to be of that type so many times, or once anything that is told after so
    many notifications is a COMPLETED.
    """

    def enough(records: Sequence[Record]) -> bool:
        notes = _notes(records, source)
        if until is not None:
            return sum((note.id, note.type) == until for note in notes) >= times
        return ends_after is not None and any(note.type == "COMPLETED" for note in notes[ends_after:])

    waits = until is not None or ends_after is not None
    seconds = END_SECONDS if waits else within_seconds
    records = await read_topics(chain.sandbox.broker.bootstrap, [NOTIFICATIONS], enough, seconds)
    assert enough(records) or not waits, f"{source.name} did not tell it in time"
    return _notes(records, source)


async def completed(chain: Chain, source: OwnSource, signal_id: str, *, times: int = 1) -> list[Note]:
    """Return what was told of an incremental signal, once it was told to be completed."""
    notes = await told(chain, source, until=(signal_id, "COMPLETED"), times=times)
    return [note for note in notes if note.id == signal_id]


def scans(notes: Sequence[Note]) -> list[tuple[str, str]]:
    """Return which collections were scanned, in order, and how that ended."""
    return [note.scan for note in notes if note.scan]


async def restart(chain: Chain, source: OwnSource) -> None:
    """Restart the connector with its task."""
    await chain.sandbox.connect.restart_connector(source.source.connector)
    await chain.sandbox.connect.wait_running(source.source.connector)


def _notes(records: Sequence[Record], source: OwnSource) -> list[Note]:
    found = []
    for record in records:
        match record.value:
            case {
                "id": str(id),
                "type": str(kind),
                "aggregate_type": str(aggregate),
                "additional_data": {"connector_name": source.source.topic_prefix, **details},
            }:
                found.append(Note(id, kind, aggregate, {str(name): str(value) for name, value in details.items()}))
    return found
