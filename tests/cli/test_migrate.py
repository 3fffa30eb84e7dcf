"""`topicsnap migrate` on a real database."""

from tests.support.commands import command


async def test_a_new_database_is_migrated_once(empty_database_url: str) -> None:
    variables = {"TOPICSNAP_DATABASE_URL": empty_database_url}
    before = await command("migrate", "--check", **variables)
    assert (before.code, "this version needs" in before.out) == (1, True)
    migrated = await command("migrate", **variables)
    assert (migrated.code, migrated.out.startswith("Migrated from nothing to ")) == (0, True)
    again = await command("migrate", "--url", empty_database_url)
    assert (again.code, again.out.startswith("Nothing to do")) == (0, True)
    after = await command("migrate", "--check", **variables)
    assert after.code == 0


async def test_serve_refuses_a_database_that_is_not_migrated(empty_database_url: str) -> None:
    ended = await command("serve", "--port", "0", TOPICSNAP_DATABASE_URL=empty_database_url)
    assert ended.code == 1
    assert "run `topicsnap migrate`" in ended.err
