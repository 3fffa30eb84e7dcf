"""The files of locks/: what stands in them, and what they say of their own size."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

GROUPS = ("runtime", "build", "sandbox", "dev")
"""The files, in the order in which they are installed: each is closed together with those before it."""

PROFILES = {"demo": ("runtime", "build", "sandbox"), "dev": GROUPS}
"""What to install for what."""

_ENTRY = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[(?P<extras>[^\]]*)\])?==(?P<version>[^\s;\\]+)", re.MULTILINE)
_SIZE = re.compile(
    r"^# .*: (?P<packages>\d+) packages, (?P<download>\d+) MB to fetch, (?P<disk>\d+) MB on disk\.$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One locked package, with all its hashes."""

    name: str
    version: str
    text: str
    """As it stands in the file, the line of its name and those of its hashes."""

    @property
    def requirement(self) -> str:
        """The requirement alone, with its marker."""
        return self.text.splitlines()[0].removesuffix("\\").strip()


@dataclass(frozen=True, slots=True)
class Size:
    """What was measured when the lock was written."""

    packages: int
    download_mb: int
    disk_mb: int

    def __add__(self, other: "Size") -> "Size":
        """Add up."""
        return Size(self.packages + other.packages, self.download_mb + other.download_mb, self.disk_mb + other.disk_mb)


@dataclass(frozen=True, slots=True)
class Lock:
    """One file of locks/."""

    path: Path
    entries: tuple[Entry, ...]
    size: Size

    @property
    def group(self) -> str:
        """The name of the file, without its end."""
        return self.path.stem

    @property
    def checksum(self) -> str:
        """A hash that changes when what is locked changes, and for no remark."""
        return hashlib.sha256("\n".join(entry.text for entry in self.entries).encode()).hexdigest()


def read_lock(path: Path) -> Lock:
    """Return what the file says. A file that does not say its size counts its packages, and 0 MB."""
    text = path.read_text("utf-8")
    entries = read_entries(text)
    found = _SIZE.search(text)
    size = Size(int(found["packages"]), int(found["download"]), int(found["disk"])) if found else None
    return Lock(path, entries, size or Size(len(entries), 0, 0))


def read_locks(root: Path, groups: tuple[str, ...] = GROUPS) -> tuple[Lock, ...]:
    """Return the locks of the groups, in their order."""
    return tuple(read_lock(root / "locks" / f"{group}.txt") for group in groups)


def read_entries(text: str) -> tuple[Entry, ...]:
    """Return the locked packages in the order of the text."""
    lines = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    starts = [found.start() for found in _ENTRY.finditer(lines)]
    blocks = [lines[start:end].rstrip() for start, end in zip(starts, [*starts[1:], len(lines)], strict=True)]
    return tuple(
        Entry(re.sub(r"[-_.]+", "-", found["name"]).lower(), found["version"], block)
        for block in blocks
        if (found := _ENTRY.match(block))
    )


def size_line(machine: str, size: Size) -> str:
    """Return the remark from which `read_lock` takes the size."""
    return f"# {machine}: {size.packages} packages, {size.download_mb} MB to fetch, {size.disk_mb} MB on disk."
