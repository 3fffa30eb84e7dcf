"""What can be done at a source depends on its dialect, as registered."""

from dataclasses import replace
from typing import Any, cast

import pytest

from snapshots.engines.debezium.source_database.dialect import SourceDialect
from snapshots.engines.debezium.source_database.dialects import DIALECTS, dialect_of, with_signal_tables
from snapshots.engines.debezium.source_database.opener import SourceOpener
from snapshots.engines.debezium.source_database.rows import SourceDatabaseRows
from snapshots.engines.debezium.source_database.trial import SourceDatabaseTrial
from snapshots.errors import UnreadableError
from snapshots.model import SourceConnector
from snapshots.ports.source_rows import RowCounts
from snapshots.ports.source_trial import Trial
from snapshots.vocabulary import Dialect
from tests.support.factories import make_source
from tests.unit.snapshots.engines.debezium.conftest import NoSecrets

OPENER = SourceOpener(NoSecrets())


class Rows:
    """Counts, and does nothing else."""

    async def horizon(self, source: SourceConnector) -> int | None:
        return 7

    async def counts(self, *_: object) -> RowCounts:
        return RowCounts(3, None)


class Trying:
    async def look(self, source: SourceConnector, *_: object) -> Trial:
        return Trial(warning=f"looked at {source.name}")


MADE_UP = {
    Dialect.MYSQL: SourceDialect(
        name="MySQL", rows=lambda _: cast("Any", Rows()), trial=lambda *_: Trying(), signal_table=cast("Any", object)
    )
}


def source(dialect: Dialect = Dialect.MYSQL, reference: str | None = "env:KNOWN") -> SourceConnector:
    return replace(make_source(dialect=dialect), database_url_ref=reference)


def test_postgresql_can_do_everything() -> None:
    postgresql = dialect_of(Dialect.POSTGRESQL)
    assert None not in {getattr(postgresql, name) for name in SourceDialect.__slots__}


@pytest.mark.parametrize("dialect", [one for one in Dialect if one not in DIALECTS])
def test_others_can_do_nothing_yet(dialect: Dialect) -> None:
    unknown = dialect_of(dialect)
    assert {getattr(unknown, name) for name in SourceDialect.__slots__} == {"other", None}


def test_a_dialect_that_is_registered_can_be_signalled_by_table() -> None:
    assert with_signal_tables() == {Dialect.POSTGRESQL}
    assert with_signal_tables({**DIALECTS, **MADE_UP}) == {Dialect.POSTGRESQL, Dialect.MYSQL}


async def test_rows_are_those_of_the_dialect() -> None:
    rows = SourceDatabaseRows(OPENER, MADE_UP)
    assert await rows.horizon(source()) == 7
    assert await rows.counts(source(), "a.b", None, None) == RowCounts(3, None)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (source(Dialect.DB2), "the rows of DB2 sources cannot be counted"),
        (source(reference=None), "no reference to the credentials of the database behind"),
    ],
)
async def test_rows_that_cannot_be_asked_for_are_unreadable(other: SourceConnector, reason: str) -> None:
    rows = SourceDatabaseRows(OPENER, MADE_UP)
    assert await rows.horizon(other) is None
    with pytest.raises(UnreadableError, match=reason):
        await rows.counts(other, "a.b", None, None)


async def test_a_trial_is_that_of_the_dialect() -> None:
    trial = SourceDatabaseTrial(OPENER, MADE_UP)
    assert (await trial.look(source(), (), None)).warning == f"looked at {source().name}"
    assert await trial.look(source(reference=None), (), None) == Trial()
    assert await trial.look(source(Dialect.DB2), (), None) == Trial()
