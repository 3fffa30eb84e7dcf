"""What to do about pip's errors."""

import re
from pathlib import Path

from scripts.installing.errors import InstallError

_LINES = 12
_AGAIN = "Then run this again: what was fetched is kept."
_FULL = f"The disk is full. Make room. {_AGAIN}"
_OTHER_FILE = (
    "The index gave a file that is not the locked one, or it was damaged on its way. Run this again. If that does not "
    "help, ask who runs the index, and do not install the file."
)
_UNREACHABLE = (
    "The package index cannot be reached. Look at the network, and in `pip config list` at proxy, index-url and cert. "
    f"{_AGAIN}"
)
_NOTHING = (
    "The package index cannot be reached, or has no such package. Look at the network, and in `pip config list` at "
    f"no-index, index-url and proxy. {_AGAIN}"
)
_NO_FILE = (
    "The package index has no such file for this Python and machine. Choose another Python (3.11 to 3.14) with "
    "PYTHON=/path/to/python, or another index."
)
_FORBIDDEN = "The account that runs this may not write there. Use the owner's account, or a clone of your own."
_ADVICE = (
    (r"No space left on device|Errno 28|Disk quota exceeded", _FULL),
    (r"DO NOT MATCH THE HASHES", _OTHER_FILE),
    (r"Retrying|Connection|[Tt]imed? ?out|name resolution|Proxy|SSL|IncompleteRead|HTTP error", _UNREACHABLE),
    (r"from versions: none", _NOTHING),
    (r"No matching distribution", _NO_FILE),
    (r"Permission denied|Errno 13|Read-only file system", _FORBIDDEN),
)
"""What pip says, and what to tell the user of it; the first that is found counts."""


def explained(what: str, log: Path) -> InstallError:
    """Return an error that says what failed, pip's own words for it, and what to do."""
    said = log.read_text("utf-8", errors="replace").strip()
    advice = [advice for pattern, advice in _ADVICE if re.search(pattern, said)][:1]
    lines = said.splitlines()
    telling = [place for place, line in enumerate(lines) if line.lstrip().startswith(("ERROR", "WARNING", "error:"))]
    first = max(telling[0] if telling else 0, len(lines) - _LINES)
    return InstallError("\n".join([f"{what}:", *(f"  {line}" for line in lines[first:]), *advice]))
