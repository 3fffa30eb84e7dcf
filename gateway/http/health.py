"""`/livez`: the process answers. `/readyz`: it can do its work, or which part cannot."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from snapshots.errors import TopicsnapError

logger = logging.getLogger(__name__)

Check = Callable[[], Awaitable[None]]
"""Returns where a part is well, raises TopicsnapError with a sentence where it is not."""

Note = Callable[[], Awaitable[str | None]]
"""Returns a sentence about something that somebody should look at, None where there is nothing."""

_PATIENCE_SECONDS = 5.0


def health_routes(checks: Mapping[str, Check], notes: Mapping[str, Note] = MappingProxyType({})) -> list[Route]:
    """Return the two routes; `checks` and `notes` are asked at the same time, by name.

    A check that fails makes the process not ready. A note never does: it is told as `degraded`.
    """

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})

    async def readyz(_: Request) -> Response:
        findings, told = await asyncio.gather(
            asyncio.gather(*(_ask(check) for check in checks.values())),
            asyncio.gather(*(_look(note) for note in notes.values())),
        )
        ready = all(finding == "ok" for finding in findings)
        body = {"status": "ready" if ready else "not ready", "checks": dict(zip(checks, findings, strict=True))}
        if degraded := {name: sentence for name, sentence in zip(notes, told, strict=True) if sentence is not None}:
            body["degraded"] = degraded
        return JSONResponse(body, 200 if ready else 503, headers={"Cache-Control": "no-store"})

    return [Route("/livez", livez), Route("/readyz", readyz)]


async def _ask(check: Check) -> str:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            await check()
    except TopicsnapError as error:
        return str(error)
    except TimeoutError:
        return f"no answer within {_PATIENCE_SECONDS:g} s"
    return "ok"


async def _look(note: Note) -> str | None:
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            return await note()
    except (TopicsnapError, TimeoutError):
        return None  # what keeps it from being told is what the checks are for
    except Exception:
        logger.exception("a note of /readyz could not be told")
        return None
