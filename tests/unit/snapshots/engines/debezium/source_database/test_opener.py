"""Opening a source database: with what its reference stands for now, and with an end whatever happens."""

from dataclasses import dataclass, field

import pytest

from snapshots.engines.debezium.source_database.opener import Session, SourceOpener, TimeLimits
from snapshots.errors import SecretError
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets


@dataclass
class Connection:
    url: str
    ends: list[str] = field(default_factory=list)
    fault: Exception | None = None

    def terminate(self) -> None:
        self.ends.append("terminated")

    async def close(self, *, timeout: float) -> None:  # noqa: ASYNC109 (asyncpg's name)
        self.ends.append(f"closed within {timeout:g} s")
        if self.fault is not None:
            raise self.fault


async def connect(url: str, _: Session) -> Connection:
    return Connection(url)


SESSION = Session(TimeLimits(connect_seconds=7))
WRITING = Session(TimeLimits(connect_seconds=7), read_only=False)


async def test_a_write_that_went_well_says_goodbye() -> None:
    async with SourceOpener(NoSecrets()).open("env:KNOWN", connect, WRITING) as connection:
        assert connection.ends == []
    assert connection.url == NoSecrets().resolve("env:KNOWN")
    assert connection.ends == ["closed within 7 s"]


async def test_a_look_waits_for_no_goodbye() -> None:
    async with SourceOpener(NoSecrets()).open("env:KNOWN", connect, SESSION) as connection:
        assert connection.ends == []
    assert connection.ends == ["terminated"]


async def test_a_goodbye_that_fails_takes_nothing_back() -> None:
    async with SourceOpener(NoSecrets()).open("env:KNOWN", connect, WRITING) as connection:
        connection.fault = ConnectionResetError()


async def test_what_failed_is_cut_off_at_once() -> None:
    opening = SourceOpener(NoSecrets()).open("env:KNOWN", connect, SESSION)
    connection = await opening.__aenter__()
    assert not await opening.__aexit__(ZeroDivisionError, ZeroDivisionError(), None)
    assert connection.ends == ["terminated"]


async def test_a_reference_that_nothing_is_behind_opens_nothing() -> None:
    with pytest.raises(SecretError):
        await SourceOpener(NoSecrets()).open("env:NOWHERE", connect, SESSION).__aenter__()
