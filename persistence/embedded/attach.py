"""Reaching an embedded server that another process runs: a command beside a running `topicsnap serve`."""

from pathlib import Path
from urllib.parse import quote

from persistence.embedded.ports import LOOPBACK, is_listening

_PORT_LINE = 4
_STATUS_LINE = 8
"""Lines of `postmaster.pid`, counted from 1 (PostgreSQL's src/include/utils/pidfile.h)."""


def running_url(directory: Path, database: str) -> str | None:
    """Return the URL of a database on the server that runs over `directory`, None where none does.

    It holds a password: never log it. Raises OSError where its files belong to another user.
    """
    try:
        lines = (directory / "data" / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        password = (directory / "password").read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    if len(lines) < _STATUS_LINE or lines[_STATUS_LINE - 1].strip() != "ready":
        return None
    port = int(lines[_PORT_LINE - 1])
    if not is_listening(port):
        return None
    return f"postgresql://postgres:{quote(password)}@{LOOPBACK}:{port}/{quote(database, safe='')}"
