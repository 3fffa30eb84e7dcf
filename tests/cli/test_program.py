"""The program's face: help, version, usage, and what each exit code stands for."""

from pathlib import Path

import pytest

from tests.support.commands import command

COMMANDS = (
    "demo",
    "serve",
    "worker",
    "migrate",
    "sync",
    "import",
    "snapshot",
    "watch",
    "verify",
    "doctor",
    "retry",
    "export",
    "prune",
    "schema",
)
NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


async def test_help_names_every_command_and_the_exit_codes() -> None:
    ended = await command("--help")
    assert ended.code == 0
    assert [name for name in COMMANDS if name not in ended.out] == []
    assert "Exit codes" in ended.out


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "schema"])
async def test_every_command_has_an_example(name: str) -> None:
    ended = await command(name, "--help")
    assert ended.code == 0
    assert "Example" in ended.out
    assert f"topicsnap {name}" in ended.out


async def test_version() -> None:
    ended = await command("--version")
    assert (ended.code, ended.out.count(".")) == (0, 2)


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("serve", "--port", "99999"), ("snapshot",), ("snapshot", "a", "--type", "sideways"), ("watch",)],
)
async def test_wrong_usage_is_2(arguments: tuple[str, ...]) -> None:
    ended = await command(*arguments)
    assert ended.code == 2
    assert "Traceback" not in ended.err


@pytest.mark.parametrize(
    ("arguments", "variables", "sentence"),
    [
        (("serve",), {"TOPICSNAP_HOST": "0.0.0.0"}, "loopback addresses only"),  # noqa: S104
        (("serve",), {"TOPICSNAP_POOL_SIZE": "many"}, "TOPICSNAP_POOL_SIZE is wrong"),
        (("worker",), {}, "needs TOPICSNAP_DATABASE_URL"),
        (("migrate",), {"TOPICSNAP_DATABASE_URL": "sqlite:///x"}, "TOPICSNAP_DATABASE_URL is wrong"),
    ],
)
async def test_wrong_settings_are_2(arguments: tuple[str, ...], variables: dict[str, str], sentence: str) -> None:
    ended = await command(*arguments, **variables)
    assert ended.code == 2
    assert sentence in ended.err


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        (("migrate",), {"TOPICSNAP_DATABASE_URL": NOWHERE}),
        (("serve", "--port", "0"), {"TOPICSNAP_DATABASE_URL": NOWHERE}),
        (("watch", "bulk_1", "--server", "http://127.0.0.1:1"), {}),
        (("snapshot", "a", "--server", "http://127.0.0.1:1"), {}),
        (("sync",), {"TOPICSNAP_SERVER": "http://127.0.0.1:1"}),
        (("sync", "--direct"), {"TOPICSNAP_DATABASE_URL": NOWHERE}),
    ],
)
async def test_what_cannot_be_reached_is_3(arguments: tuple[str, ...], variables: dict[str, str]) -> None:
    ended = await command(*arguments, **variables)
    assert ended.code == 3, ended.err
    assert ended.err.startswith("topicsnap: ") or "\ntopicsnap: " in ended.err
    assert "Traceback" not in ended.err


async def test_debug_shows_the_traceback() -> None:
    ended = await command("watch", "bulk_1", "--server", "http://127.0.0.1:1", TOPICSNAP_DEBUG="1")
    assert ended.code == 3
    assert "Traceback" in ended.err


async def test_the_schema_is_printed_and_current() -> None:
    printed = await command("schema", "print")
    assert printed.code == 0
    assert "type Mutation" in printed.out
    checked = await command("schema", "check")
    assert checked.code == 0, checked.err


async def test_a_change_of_the_schema_that_breaks_clients_is_told_until_it_is_accepted(tmp_path: Path) -> None:
    printed = (await command("schema", "print")).out
    older = tmp_path / "older.graphql"
    older.write_text(printed.replace("type Viewer {", "type Viewer {\n  mood: String\n"), "utf-8")
    accepted = tmp_path / "accepted.txt"
    accepted.write_text("# nothing\n", "utf-8")
    refused = await command("schema", "check", "--against", str(older), "--accepted", str(accepted))
    assert (refused.code, "FIELD_REMOVED: Field Viewer.mood was removed." in refused.err) == (1, True), refused
    accepted.write_text("FIELD_REMOVED: Field Viewer.mood was removed.\n", "utf-8")
    taken = await command("schema", "check", "--against", str(older), "--accepted", str(accepted))
    assert (taken.code, "1 breaking accepted, 0 not accepted" in taken.out) == (0, True), taken
    older.write_text(printed, "utf-8")
    outdated = await command("schema", "check", "--against", str(older), "--accepted", str(accepted))
    assert (outdated.code, "Accepted, but not there" in outdated.err) == (1, True), outdated
    older.write_text("no schema", "utf-8")
    assert (await command("schema", "check", "--against", str(older))).code == 2
