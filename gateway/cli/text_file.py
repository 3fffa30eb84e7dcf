"""Reading a text file that is named on the command line."""

from pathlib import Path

from snapshots.errors import TopicsnapError

MAX_FILE_BYTES = 16 * 1024 * 1024


class FileError(TopicsnapError):
    """A file cannot be read, or does not say what it should; one sentence a line."""


def read_text(path: Path, most_bytes: int = MAX_FILE_BYTES) -> str:
    """Return the text of a file; one of more than `most_bytes` is not read to its end. Raises FileError."""
    try:
        with path.open("rb") as file:
            content = file.read(most_bytes + 1)
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error
    if len(content) > most_bytes:
        raise FileError(f"{path} is longer than {most_bytes:,} bytes.")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise FileError(f"{path} is not UTF-8 text; see line {line}.") from error
