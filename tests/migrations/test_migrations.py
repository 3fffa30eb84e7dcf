"""The revisions: up and down, step by step, and what they leave behind."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncConnection

from persistence import migrations
from persistence.database.errors import AccessRefusedError, NotMigratedError, UnsupportedServerError
from persistence.database.pool import Database
from persistence.migrations import MigrationState
from persistence.queue import queue_settings
from persistence.tables import metadata
from tests.support.databases import Server, administering

T = TypeVar("T")

_SCRIPTS = ScriptDirectory.from_config(migrations.configuration())
REVISIONS = [script.revision for script in reversed(list(_SCRIPTS.walk_revisions()))]

_SHAPE = """
SELECT 'column', table_name, column_name, data_type, is_nullable, coalesce(column_default, '')
FROM information_schema.columns WHERE table_schema = 'public'
UNION ALL SELECT 'index', tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
UNION ALL SELECT 'grant', table_name, grantee::text, privilege_type, '', ''
FROM information_schema.table_privileges WHERE table_schema = 'public'
UNION ALL SELECT 'type', typname, '', '', '', '' FROM pg_type WHERE typnamespace = 'public'::regnamespace
UNION ALL SELECT 'function', proname, '', '', '', '' FROM pg_proc WHERE pronamespace = 'public'::regnamespace
ORDER BY 1, 2, 3, 4
"""


async def shape(url: str) -> list[tuple[object, ...]]:
    """Everything that there is in a database, as rows that can be compared."""
    database = Database.connect(url, role=None)
    async with database.read() as connection:
        rows = [tuple(row) for row in await connection.execute(text(_SHAPE))]
    await database.close()
    return rows


async def within(url: str, look: Callable[[Connection], T]) -> T:
    database = Database.connect(url, role=None)
    async with database.write() as connection:
        found = await connection.run_sync(look)
    await database.close()
    return found


def test_there_is_one_head() -> None:
    assert _SCRIPTS.get_heads() == [migrations.head()]


async def test_each_revision_goes_up_down_and_up_again_to_the_same_shape(empty_database_url: str) -> None:
    url = empty_database_url
    before = "base"
    for revision in REVISIONS:
        await migrations.upgrade(url, revision)
        assert (await migrations.state(url)).current == revision
        upgraded = await shape(url)
        await migrations.downgrade(url, before)
        await migrations.upgrade(url, revision)
        assert await shape(url) == upgraded
        before = revision
    assert await migrations.state(url) == MigrationState(migrations.head(), migrations.head())


async def test_all_the_way_down_leaves_the_table_of_versions_only(empty_database_url: str) -> None:
    await migrations.upgrade(empty_database_url)
    await migrations.downgrade(empty_database_url, "base")
    left = {row[1] for row in await shape(empty_database_url)}
    assert left == {"alembic_version", "_alembic_version"}
    assert (await migrations.state(empty_database_url)).current is None


async def test_the_migrated_tables_are_those_of_the_code(database_url: str) -> None:
    settings = queue_settings()
    queue = {settings.queue_table, settings.queue_table_log, settings.schedules_table, settings.statistics_table}

    def compare(connection: Connection) -> list[object]:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "include_name": lambda name, kind, _parents: not (kind == "table" and name in queue),
        }
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), metadata))

    assert await within(database_url, compare) == []


async def test_constraints_have_the_names_and_definitions_of_the_code(
    database_url: str, empty_database_url: str
) -> None:
    """Autogenerate compares neither primary keys nor what a reference is made of."""
    await within(empty_database_url, metadata.create_all)
    kinds = {"constraint", "index"}
    made = [row for row in await shape(empty_database_url) if row[0] in kinds]
    migrated = [row for row in await shape(database_url) if row[0] in kinds]
    assert [row for row in migrated if not str(row[1]).startswith(("pgqueuer", "alembic"))] == made


async def test_several_at_once_on_several_databases_of_one_server_all_succeed(
    postgres_server: Server, empty_database_url: str
) -> None:
    other = "migrated_at_once"
    await postgres_server.create_database(other)
    urls = [empty_database_url, postgres_server.url(other)]
    await asyncio.gather(*(migrations.upgrade(url) for url in urls * 3))
    assert all([(await migrations.state(url)).is_current for url in urls])


async def test_a_migration_waits_for_the_one_of_another_process(empty_database_url: str) -> None:
    async with administering(empty_database_url) as other:
        await other.execute("SELECT pg_advisory_lock($1)", migrations._LOCK)
        task = asyncio.create_task(migrations.upgrade(empty_database_url))
        done, _ = await asyncio.wait([task], timeout=0.5)
        assert not done
        await other.execute("SELECT pg_advisory_unlock($1)", migrations._LOCK)
        await task
    assert (await migrations.state(empty_database_url)).is_current


async def test_a_failed_revision_leaves_nothing_and_nobody_waiting(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with administering(empty_database_url) as administrator:
        await administrator.execute("CREATE TABLE snapshot_topic ()")
        with pytest.raises(Exception, match="already exists"):
            await migrations.upgrade(empty_database_url)
        assert (await migrations.state(empty_database_url)).current is None
        await administrator.execute("DROP TABLE snapshot_topic")
    await migrations.upgrade(empty_database_url)


async def test_a_user_who_may_not_make_roles_is_told_what_an_administrator_runs(
    postgres_server: Server, empty_database_url: str
) -> None:
    role = "topicsnap_app"
    async with administering(empty_database_url) as administrator:
        await administrator.execute("DROP ROLE IF EXISTS lowly")
        await administrator.execute("CREATE ROLE lowly LOGIN PASSWORD 'lowly'")
        await administrator.execute("GRANT CREATE ON SCHEMA public TO lowly")
        known = await administrator.fetchval("SELECT count(*) FROM pg_roles WHERE rolname = $1", role)
        if not known:
            await administrator.execute(f"CREATE ROLE {role} NOLOGIN")
        url = as_user(empty_database_url, "lowly", "lowly")
        with pytest.raises(AccessRefusedError) as caught:
            await migrations.upgrade(url)
        assert f"CREATE ROLE {role} NOLOGIN; GRANT {role} TO lowly;" in str(caught.value)

        await administrator.execute(f"GRANT {role} TO lowly")
        await migrations.upgrade(url)
        database = Database.connect(url)
        await migrations.require_head(database)
        await database.close()
        await administrator.execute("DROP OWNED BY lowly; DROP ROLE lowly")


async def test_a_user_who_may_make_roles_can_act_as_the_applications_role(empty_database_url: str) -> None:
    """Since PostgreSQL 16 whoever makes a role may administer it, but not act as it unless that is granted as well."""
    async with administering(empty_database_url) as administrator:
        await administrator.execute("DROP ROLE IF EXISTS maker")
        await administrator.execute("CREATE ROLE maker LOGIN CREATEROLE PASSWORD 'maker'")
        await administrator.execute("GRANT topicsnap_app TO maker WITH ADMIN OPTION, SET FALSE")
        await administrator.execute("GRANT CREATE ON SCHEMA public TO maker")
        url = as_user(empty_database_url, "maker", "maker")
        await migrations.upgrade(url)
        database = Database.connect(url)
        await migrations.require_head(database)
        await database.close()
        await administrator.execute("DROP OWNED BY maker; DROP ROLE maker")


def as_user(url: str, user: str, password: str) -> str:
    return f"postgresql://{user}:{password}@{url.partition('@')[2]}"


async def test_a_database_without_tables_is_told_to_be_migrated(database: Database, empty_database_url: str) -> None:
    empty = Database.connect(empty_database_url)
    with pytest.raises(NotMigratedError, match="run `topicsnap migrate`"):
        await migrations.require_head(empty)
    await empty.close()
    await migrations.require_head(database)


@pytest.mark.parametrize(
    ("revision", "advice"), [("0001", "run `topicsnap migrate`"), ("9999", "a newer Topicsnap migrated it")]
)
async def test_tables_of_another_version_are_told(database_url: str, revision: str, advice: str) -> None:
    async with administering(database_url) as administrator:
        await administrator.execute("UPDATE alembic_version SET version_num = $1", revision)
    database = Database.connect(database_url)
    with pytest.raises(NotMigratedError, match=advice):
        await migrations.require_head(database)
    await database.close()


async def test_a_database_of_a_newer_version_is_left_alone(database_url: str) -> None:
    async with administering(database_url) as administrator:
        await administrator.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(NotMigratedError, match="cannot be migrated by this Topicsnap"):
        await migrations.upgrade(database_url)


@pytest.mark.parametrize("number", [90_624, 130_022])
def test_an_old_server_is_refused(number: int) -> None:
    with pytest.raises(UnsupportedServerError, match=f"needs PostgreSQL 14 or newer; this server is {number // 10000}"):
        migrations.check_server(number)


def test_a_server_that_is_new_enough_passes() -> None:
    migrations.check_server(140_000)
    migrations.check_server(180_006)


def test_the_statements_can_be_shown_without_a_database(capsys: pytest.CaptureFixture[str]) -> None:
    command.upgrade(migrations.configuration(), "head", sql=True)
    shown = capsys.readouterr().out
    assert all(f"CREATE TABLE {table}" in shown for table in [*metadata.tables, "pgqueuer"])


async def _privileges(connection: AsyncConnection, table: str) -> set[str]:
    wanted = ("SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER")
    ask = text("SELECT has_table_privilege('topicsnap_app', CAST(:table AS text), CAST(:privilege AS text))")
    rows = [(word, await connection.execute(ask, {"table": table, "privilege": word})) for word in wanted]
    return {word for word, answer in rows if answer.scalar_one()}


async def test_the_application_may_read_and_write_rows_and_only_add_to_the_ledgers_events(database: Database) -> None:
    queue = ["pgqueuer", "pgqueuer_log", "pgqueuer_schedules", "pgqueuer_statistics"]
    async with database.read() as connection:
        found = {table: await _privileges(connection, table) for table in [*metadata.tables, *queue, "alembic_version"]}
    assert found.pop("ledger_event") == {"SELECT", "INSERT"}
    assert found.pop("alembic_version") == {"SELECT"}
    # Columns of progress may be updated (tests/integration/persistence/ledger/test_guarded.py), no row deleted.
    for table in (
        "bulk_snapshot",
        "source_snapshot",
        "signal",
        "snapshot_topic",
        "skipped_topic",
        "failed_scan",
        "dead_letter",
    ):
        assert found.pop(table) == {"SELECT", "INSERT"}
    assert set(map(frozenset, found.values())) == {frozenset({"SELECT", "INSERT", "UPDATE", "DELETE"})}
