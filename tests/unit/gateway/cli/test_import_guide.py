"""docs/guides/import.md tells of the file as it is."""

import re
from pathlib import Path

from gateway.cli.import_file import SECTIONS, parse_import

GUIDE = (Path(__file__).parents[4] / "docs" / "guides" / "import.md").read_text("utf-8")


def documented(section: str) -> set[str]:
    table = GUIDE.split(f"### {section}\n", 1)[1].split("\n#", 1)[0]
    return {key for row in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for key in re.findall(r"`(\w+)`", row)}


def test_every_key_is_documented_and_no_other() -> None:
    for section, entry in SECTIONS.items():
        assert documented(section) == set(entry.model_fields), section


def test_the_example_can_be_imported() -> None:
    example = GUIDE.split("```yaml\n", 1)[1].split("```", 1)[0]
    given = parse_import(example).content
    assert (len(given.clusters), len(given.connectors), len(given.topics)) == (1, 2, 2)
