"""All who look at one bulk snapshot: the query, the subscription over both transports, and the program in its ways.

The query is asked when a test wants to know; each of the others keeps everything that it was ever shown.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import orjson
from graphql import FieldNode, FragmentDefinitionNode, SelectionSetNode, parse

from gateway.cli.operations import document
from gateway.cli.watching import state_lines
from tests.cli.commands import Running, started
from tests.graphql.streams import Served, connected
from tests.support.waiting import FAULT_SECONDS

if TYPE_CHECKING:
    from gateway.cli.bulk_snapshots import BulkSnapshotData

FIELDS = """
id state snapshotType requestedBy requestedAt reason
progress { topicsTotal topicsFinished rowsScanned fraction }
summary { total succeeded failed unconfirmed topics skippedTopics }
snapshots {
  id state code message origin followed retryable requestedAt dispatchedAt startedAt finishedAt stalledSince
  progress { topicsTotal topicsFinished rowsScanned fraction }
  source { id name cluster }
  signals { id channel state data destination sentAt endedAt }
  topics {
    id state rowsScanned outcome engineStatus startedAt finishedAt topic { id name }
    verification verdict verdictReason expectedRows emittedRows verifiedAt
  }
}
results {
  id success message snapshot { id }
  ... on SourceSnapshotFailed { code retryable }
  ... on SourceSnapshotUnconfirmed { code retryable }
}
skippedTopics { topicId reason message topic { id name } }
"""
QUERY = f"query($id: ID!) {{ bulkSnapshot(id: $id) {{ {FIELDS} }} }}"
WATCH = f"subscription($id: ID!) {{ bulkSnapshotProgress(id: $id) {{ {FIELDS} }} }}"

State = dict[str, Any]


@dataclass
class Shown:
    """What one view has shown so far, the latest last."""

    name: str
    states: list[State] = field(default_factory=list)
    ended: bool = False


@dataclass
class Views:
    """Everybody who looks at the bulk snapshot `id`."""

    gateway: Served
    id: str
    pushed: list[Shown]
    """The subscription, by WebSocket and as server-sent events: all fields."""
    printed: dict[str, Running]
    """`topicsnap watch --jsonl`, asking the gateway and with `--direct`: one line a state."""
    text: Running
    """`topicsnap watch`: one line a change."""

    async def query(self) -> State:
        """Ask by HTTP."""
        body = {"query": QUERY, "variables": {"id": self.id}}
        async with self.gateway.session.post(self.gateway.graphql, json=body) as response:
            answer = await response.json()
        assert "errors" not in answer, answer
        found: State = answer["data"]["bulkSnapshot"]
        return found

    async def agree(self, condition: Callable[[State], object] = lambda _: True) -> State:
        """Wait until `condition` holds of what the query tells, and all others show the very same; return it.

        Fails with what they differ in, where they never do.
        """
        deadline = time.monotonic() + FAULT_SECONDS
        while True:
            asked = await self.query()
            differing = self._differing(asked) if condition(asked) else ["the query: not there yet"]
            if not differing and asked == await self.query():
                return asked
            assert time.monotonic() < deadline, f"{differing}\n{json.dumps(asked, indent=1)}"
            await asyncio.sleep(0.05)

    def histories(self) -> dict[str, list[State]]:
        """Everything that each view has shown, by its name, with the fields of the program's JSON."""
        pushed = {one.name: [program_json(state) for state in one.states] for one in self.pushed}
        return pushed | {name: states(running) for name, running in self.printed.items()}

    def _differing(self, asked: State) -> list[str]:
        found = [f"{one.name}: {_difference(asked, one.states)}" for one in self.pushed if one.states[-1:] != [asked]]
        expected = program_json(asked)
        for name, running in self.printed.items():
            seen = states(running)
            if seen[-1:] != [expected]:
                found.append(f"{name}: {_difference(expected, seen)} {''.join(running.err)}")
        return found + [f"the text does not end with: {line}" for line in _missing(asked, self.text)]


def program_json(state: State) -> State:
    """What the program prints of `state`: the fields that its operation selects."""
    found: State = _selected(state, _FIELDS_OF_PROGRAM)
    return found


(_FRAGMENT,) = (
    definition
    for definition in parse(document("BulkSnapshotFields")).definitions
    if isinstance(definition, FragmentDefinitionNode)
)
_FIELDS_OF_PROGRAM = _FRAGMENT.selection_set


def _selected(given: Any, fields: SelectionSetNode | None) -> Any:  # noqa: ANN401 (JSON)
    if isinstance(given, list):
        return [_selected(one, fields) for one in given]
    if fields is None or given is None:
        return given
    names = [cast("FieldNode", field) for field in fields.selections]
    return {field.name.value: _selected(given[field.name.value], field.selection_set) for field in names}


def states(running: Running) -> list[State]:
    """The lines of JSON that it has printed."""
    return [orjson.loads(line) for line in running.out if line.endswith("\n")]


def _missing(state: State, text: Running) -> list[str]:
    """The lines that are true of `state` and are not the latest that the program printed of their subject."""
    printed = [line.rstrip("\n") for line in text.out]
    found = []
    for _, line in state_lines(cast("BulkSnapshotData", state)):
        subject = line.split(": ")[0] + ": "
        latest = next((one for one in reversed(printed) if one.startswith(subject)), None)
        if latest != line:
            found.append(line)
    return found


def _difference(expected: State, seen: Sequence[State]) -> str:
    if not seen:
        return "nothing was shown"
    return "; ".join(_differences("", expected, seen[-1]))


def _differences(path: str, expected: object, seen: object) -> list[str]:
    if isinstance(expected, dict) and isinstance(seen, dict) and expected.keys() == seen.keys():
        return [each for key in expected for each in _differences(f"{path}.{key}", expected[key], seen[key])]
    if isinstance(expected, list) and isinstance(seen, list) and len(expected) == len(seen):
        pairs = enumerate(zip(expected, seen, strict=True))
        return [each for place, (one, other) in pairs for each in _differences(f"{path}[{place}]", one, other)]
    return [] if expected == seen else [f"{path}: {seen!r} instead of {expected!r}"]


@asynccontextmanager
async def looking(gateway: Served, bulk_id: str, database_url: str, stall_after: timedelta) -> AsyncIterator[Views]:
    """Have everybody look at `bulk_id`, each until it ends by itself, or this does."""
    socket_shown, events_shown = Shown("WebSocket"), Shown("server-sent events")
    variables = {"TOPICSNAP_STALL_MINUTES": str(stall_after.total_seconds() / 60)}
    direct = variables | {"TOPICSNAP_DATABASE_URL": database_url}
    tasks = [
        asyncio.create_task(_by_socket(gateway, bulk_id, socket_shown)),
        asyncio.create_task(_by_events(gateway, bulk_id, events_shown)),
    ]
    try:
        async with AsyncExitStack() as stack:
            to_gateway = ("watch", bulk_id, "--server", gateway.url)
            printed = {
                "watch": await stack.enter_async_context(started(*to_gateway, "--jsonl")),
                "watch --direct": await stack.enter_async_context(
                    started("watch", bulk_id, "--direct", "--jsonl", **direct)
                ),
            }
            text = await stack.enter_async_context(started(*to_gateway))
            yield Views(gateway, bulk_id, [socket_shown, events_shown], printed, text)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _by_socket(gateway: Served, bulk_id: str, shown: Shown) -> None:
    async with connected(gateway) as socket:
        await socket.init()
        await socket.subscribe("1", WATCH, {"id": bulk_id})
        while True:
            message = json.loads((await socket.socket.receive()).data)
            if message["type"] == "complete":
                shown.ended = True
                return
            if message["type"] == "next":
                shown.states.append(message["payload"]["data"]["bulkSnapshotProgress"])


async def _by_events(gateway: Served, bulk_id: str, shown: Shown) -> None:
    body = {"query": WATCH, "variables": {"id": bulk_id}}
    headers = {"Accept": "text/event-stream"}
    async with gateway.session.post(gateway.graphql, json=body, headers=headers) as response:
        kind = ""
        async for line in response.content:
            if line.startswith(b"event: "):
                kind = line.decode().removeprefix("event: ").strip()
            if line.startswith(b"data:") and kind == "next":
                payload = json.loads(line.removeprefix(b"data:"))
                shown.states.append(payload["data"]["bulkSnapshotProgress"])
    shown.ended = kind == "complete"
