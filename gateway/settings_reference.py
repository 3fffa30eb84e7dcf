"""The settings as text: `python -m gateway.settings_reference` writes .env.example and docs/configuration.md anew."""

import sys
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from gateway.settings import COMMAND_VARIABLES, Settings, variable

ROOT = Path(__file__).resolve().parents[1]
EXAMPLE = ROOT / ".env.example"
TABLE = ROOT / "docs" / "configuration.md"
_WIDTH = 116

_EXAMPLE_HEAD = """\
# Every setting of Topicsnap with its default; made by `python -m gateway.settings_reference`, checked by a test.
# Topicsnap reads its environment, not this file: set -a; . ./.env; set +a
"""
_TABLE_HEAD = """\
# Configuration

Topicsnap is configured by environment variables and nothing else. This page is made from the code by
`python -m gateway.settings_reference`; a test keeps it current. `.env.example` holds the same as a file to start from.

| variable | default | meaning |
|---|---|---|
"""
_TABLE_TAIL = """
A value that is wrong ends the command with exit code 2 and a sentence. A variable with the prefix `TOPICSNAP_` that is
not a setting is logged as a warning.

## Secrets

Credentials of source databases and of Kafka Connect are never stored: the catalogue holds references, resolved when
they are used, in the process that uses them.

| reference | stands for |
|---|---|
| `env:NAME` | the environment variable `NAME` |
| `file:/absolute/path` | the content of that file, at most 64 KiB, without its final line break; read anew each time |
"""


def env_example() -> str:
    """Return the text of .env.example."""
    blocks = [_EXAMPLE_HEAD]
    for name, field in Settings.model_fields.items():
        blocks.append(_comment(_meaning(field)) + f"#{variable(name)}={_default(field)}\n")
    blocks.extend(_comment(text) + f"#{name}=\n" for name, text in COMMAND_VARIABLES.items())
    return "\n".join(blocks)


def configuration_page() -> str:
    """Return the text of docs/configuration.md."""
    rows = [
        f"| `{variable(name)}` | {f'`{_default(field)}`' if _default(field) else ''} | {_cell(_meaning(field))} |"
        for name, field in Settings.model_fields.items()
    ]
    rows.extend(f"| `{name}` |  | {_cell(text)} |" for name, text in COMMAND_VARIABLES.items())
    return _TABLE_HEAD + "\n".join(rows) + "\n" + _TABLE_TAIL


def _meaning(field: FieldInfo) -> str:
    choices = _choices(field.annotation)
    listed = f" One of {', '.join(choices)}." if len(choices) > 1 else ""
    return f"{field.description}{listed}"


def _choices(annotation: Any) -> list[str]:  # noqa: ANN401 - any annotation of a field
    return [str(choice) for choice in get_args(annotation)] if get_origin(annotation) is Literal else []


def _default(field: FieldInfo) -> str:
    if field.default_factory is not None or field.default is None:
        return ""
    default = field.default
    if isinstance(default, bool):
        return str(default).lower()
    if isinstance(default, tuple):
        return ",".join(default)
    return str(default.value if isinstance(default, Enum) else default)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def _comment(text: str) -> str:
    lines, line = [], "#"
    for word in text.split():
        if len(line) + 1 + len(word) > _WIDTH:
            lines.append(line)
            line = "#"
        line += f" {word}"
    return "\n".join([*lines, line]) + "\n"


def main() -> None:
    """Write both files."""
    EXAMPLE.write_text(env_example(), encoding="utf-8")
    TABLE.write_text(configuration_page(), encoding="utf-8")
    sys.stdout.write(f"wrote {EXAMPLE.name} and {TABLE.relative_to(ROOT)}\n")


if __name__ == "__main__":
    main()
