"""Which changes of the schema break somebody."""

from pathlib import Path

import pytest

from schema.changes import find_breaks, read_accepted

SDL = """
type Topic @key(fields: "id") @key(fields: "cluster name") { id: ID! cluster: String! name: String! keyless: Boolean }
enum State { RUNNING PAUSED }
input Wish { id: ID! }
type Query { topic(id: ID!, first: Int = 5): Topic state(wish: Wish): State! count: Int }
"""


def test_nothing_breaks_between_two_of_the_same() -> None:
    assert find_breaks(SDL, SDL) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("keyless: Boolean", "keyless: Boolean further: Int"),
        ("keyless: Boolean", "keyless: Boolean!"),
        ("RUNNING PAUSED", "RUNNING PAUSED STOPPED"),
        ("input Wish { id: ID! }", "input Wish { id: ID! name: String }"),
        ('@key(fields: "id")', '@key(fields: "id") @key(fields: "name")'),
        ("first: Int = 5", "first: Int = 5, after: String"),
    ],
)
def test_clients_are_told_to_expect(old: str, new: str) -> None:
    assert find_breaks(SDL, SDL.replace(old, new)) == []


@pytest.mark.parametrize(
    ("old", "new", "kind"),
    [
        ("keyless: Boolean", "", "FIELD_REMOVED"),
        ("name: String!", "name: String", "FIELD_CHANGED_KIND"),
        (" PAUSED", "", "VALUE_REMOVED_FROM_ENUM"),
        ("input Wish { id: ID! }", "input Wish { id: ID! name: String! }", "REQUIRED_INPUT_FIELD_ADDED"),
        ("first: Int = 5", "", "ARG_REMOVED"),
        ("first: Int = 5", "first: Int = 6", "ARG_DEFAULT_VALUE_CHANGE"),
        (' @key(fields: "cluster name")', "", "KEY_REMOVED"),
    ],
)
def test_a_break_is_found(old: str, new: str, kind: str) -> None:
    (found,) = find_breaks(SDL, SDL.replace(old, new))
    assert found.startswith(f"{kind}: ")


def test_accepted_changes_are_lines() -> None:
    text = "# why\n\nFIELD_REMOVED: Field Topic.keyless was removed.\n"
    assert read_accepted(text) == {"FIELD_REMOVED: Field Topic.keyless was removed."}
    (found,) = find_breaks(SDL, SDL.replace("keyless: Boolean", ""))
    assert found in read_accepted(text)


def test_the_file_of_accepted_changes_says_what_it_is() -> None:
    root = Path(__file__).parents[3]
    assert (root / "schema" / "accepted-changes.txt").read_text("utf-8").startswith("# ")
