"""The demo from its start to its end."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, ExitStack
from pathlib import Path

from gateway.demo.chain import Chain
from gateway.demo.guide import guide
from gateway.demo.real import real_chain
from gateway.demo.simulated import simulated_chain
from gateway.demo.steps import Steps
from gateway.errors import StartError
from gateway.metrics import NoMetrics
from gateway.process.serving import app_parts, make_server_of, prepare
from gateway.process.sockets import listening, url_of
from gateway.services import open_runtime
from gateway.settings import Settings
from persistence.migrations import upgrade
from resolvers.catalog.import_catalog import import_catalog
from resolvers.catalog.sync_catalog import sync_catalog
from resolvers.principal import LOCAL_PRINCIPAL
from resolvers.services import Services
from sandbox.platform import missing_parts
from sandbox.workspace import workspace

_PAGE = 500
_GATEWAY = "gateway"
_CHOOSE = "PORT (PORT=9000 make demo), --port or TOPICSNAP_PORT"


async def run_demo(settings: Settings, *, simulate: bool, steps: Steps, tell: Callable[[str], None]) -> None:
    """Start the chain and a gateway in front of it, `tell` what to do with them, and serve until cancelled.

    Everything lives in a directory of its own that is removed at the end; what a killed demo left is removed at the
    next start. Raises StartError.
    """
    prepare(settings)
    reasons = ("You asked for it by --simulate.",) if simulate else missing_parts()
    with ExitStack() as display, listening(settings.host, settings.port, choose=_CHOOSE) as listener:
        display.enter_context(steps.shown())
        async with (
            workspace() as directory,
            _chain(directory, steps, reasons) as chain,
            open_runtime(settings, chain.database_url, metrics=NoMetrics(), engine=chain.engine) as runtime,
        ):
            chain.attach(runtime.services)
            unreadable = await fill_catalog(runtime.services, chain, steps)
            ids = await _topic_ids(runtime.services)

            def ready() -> None:
                steps.report(_GATEWAY, "ready")
                display.close()
                tell(guide(url_of(listener), ids, (*chain.notes, *unreadable)))

            steps.report(_GATEWAY, "starting")
            server = make_server_of(await app_parts(settings, runtime, NoMetrics()), settings, ready=ready)
            await server.run_until_cancelled(listener)


def _chain(directory: Path, steps: Steps, reasons: Sequence[str]) -> AbstractAsyncContextManager[Chain]:
    """Return the chain to start: simulated where there are reasons for that."""
    return simulated_chain(directory, steps, reasons) if reasons else real_chain(directory, steps)


async def fill_catalog(services: Services, chain: Chain, steps: Steps) -> tuple[str, ...]:
    """Make the catalogue; return what could not be read for it, in sentences. Raises StartError where that is all."""
    async with steps.step("migrations"):
        await upgrade(chain.database_url)
    async with steps.step("catalogue"):
        await import_catalog(services, LOCAL_PRINCIPAL, chain.catalog)
        if not chain.sync:
            return ()
        result = await sync_catalog(services, LOCAL_PRINCIPAL, None)
        reasons = tuple(part.reason for part in result.unreadable)
        if result.nothing_read:
            raise StartError(f"The demo's catalogue cannot be filled. {' '.join(reasons)}")
        return reasons


async def _topic_ids(services: Services) -> dict[str, str]:
    page = await services.catalog.topics_page(LOCAL_PRINCIPAL.tenant_id, first=_PAGE)
    return {topic.name: topic.id for topic in page.items}
