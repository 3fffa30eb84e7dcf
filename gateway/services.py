"""The parts of one process, wired together: the only place that knows which implementation stands behind a port."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import aiohttp

from gateway.secrets import ReferencedSecrets
from gateway.settings import Settings
from persistence.catalog import Catalog
from persistence.catalog_writer import CatalogWriter
from persistence.database import Database
from persistence.ledger import Ledger
from resolvers.background import Background
from resolvers.services import Services
from snapshots.dispatch import Dispatcher
from snapshots.identifiers import IdMaker
from snapshots.kinds import SignalChannelKind
from snapshots.ports import SignalChannel

_HTTP_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Runtime:
    """What a process works with."""

    services: Services
    database: Database
    url: str
    """The owner's URL of the database, which holds a password."""
