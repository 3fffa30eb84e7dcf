"""The processes of Topicsnap: the real program, which a test can have die at a step."""

import re
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from tests.faults.launcher import VARIABLE
from tests.support.commands import Running, environment, launched

_ROOT = Path(__file__).parents[2]
_MUTATION = """
mutation($input: BulkSnapshotTopicsInput!) {
  bulkSnapshotTopics(input: $input) { bulkSnapshot { id } userErrors { message } }
}
"""


@dataclass(frozen=True)
class Gateway:
    """A process of Topicsnap that serves."""

    running: Running
    url: str

    async def ask(
        self, topic_ids: Sequence[str], key: str | None = None, seconds: float = 60.0, *, verify: bool = False
    ) -> str | None:
        """Ask for a bulk snapshot; return its id, None where no answer came, or none that accepts it."""
        asked = {"topicIds": list(topic_ids), "idempotencyKey": key, "verify": verify}
        body = {"query": _MUTATION, "variables": {"input": asked}}
        timeout = aiohttp.ClientTimeout(total=seconds)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.post(f"{self.url}/graphql", json=body) as response,
            ):
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError):
            return None
        payload = (answer.get("data") or {}).get("bulkSnapshotTopics")
        return str(payload["bulkSnapshot"]["id"]) if payload and payload["bulkSnapshot"] else None


@asynccontextmanager
async def program(variables: Mapping[str, str], step: str | None, *arguments: str) -> AsyncIterator[Running]:
    """Run `topicsnap` with these arguments, which dies at `step`; killed at the end where it still runs."""
    argv = (sys.executable, "-m", "tests.faults.launcher", *arguments)
    env = environment(**variables, **({VARIABLE: step} if step else {}))
    async with launched(*argv, env=env, cwd=_ROOT) as running:
        yield running


@asynccontextmanager
async def serving(variables: Mapping[str, str], step: str | None) -> AsyncIterator[Gateway]:
    """Run `topicsnap serve`, and yield it when it is ready."""
    async with program(variables, step, "serve", "--port", "0") as running:
        text = await running.says("Topicsnap is ready at ")
        found = re.search(r"ready at (http://\S+?)/ ", text)
        assert found
        yield Gateway(running, found[1])
