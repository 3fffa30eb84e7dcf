"""The installation: what is missing, group by group, in an environment that holds nothing else."""

import hashlib
import shutil
import subprocess
import time
from pathlib import Path

from scripts.installing import environment
from scripts.installing.downloads import Downloads, wait
from scripts.installing.errors import InstallError
from scripts.installing.locks import PROFILES, Lock, Size, read_locks
from scripts.installing.pip import Pip, clean_environment
from scripts.installing.problems import explained
from scripts.installing.progress import Progress
from scripts.installing.state import State, this_python

PROJECT = ("pyproject.toml", "hatch_build.py")


class Installer:
    """Brings .venv of the checkout `root` up to date."""

    def __init__(
        self, root: Path, profile: str, *, environ: dict[str, str], progress: Progress, chosen: bool = False
    ) -> None:
        """Install for a profile, `demo` or `dev`; `chosen` says that the user named the Python that runs."""
        self.root = root
        self.venv = root / ".venv"
        self.locks = read_locks(root, PROFILES[profile])
        self.wanted = {
            **{lock.group: lock.checksum for lock in read_locks(root)},
            "project": _checksum(root, [root / name for name in PROJECT]),
            "page": _checksum(root, _page_sources(root)),
        }
        # Not only done, but found in order: once for each set of packages.
        self._check_name = f"check-{profile}"
        for name, groups in PROFILES.items():
            self.wanted[f"check-{name}"] = " ".join(self.wanted[part] for part in (*groups, "project"))
        self._chosen = chosen
        self._environ = environ
        self._progress = progress
        self._downloads = Downloads(root / ".venv-downloads")
        self._making = self._downloads.folder / "making"

    def up_to_date(self) -> bool:
        """Whether there is nothing to do."""
        state = State.read(self.venv)
        return state is not None and self._fits(state) and not self._missing(state)

    def run(self, lock: int) -> None:
        """Install what is missing; `lock` is the file that keeps others out. Raises InstallError."""
        begun = time.monotonic()
        self._downloads.folder.mkdir(exist_ok=True)
        state = self._environment()
        missing = self._missing(state)
        pip = Pip(environment.python_of(self.venv), self._environ, keep_open=[lock])
        groups = [lock for lock in self.locks if lock.group in missing]
        if groups:
            self._announce(groups)
            settings = pip.settings()
            for group in groups:
                self._group(group, pip, settings, state)
        if "project" in missing:
            self._project(pip, state)
        if "page" in missing:
            self._page(state)
        self._check(pip, state)
        self._downloads.remove()
        self._progress.say(f"Set up in {time.monotonic() - begun:.0f} s.")

    def _missing(self, state: State) -> list[str]:
        names = [*(lock.group for lock in self.locks), "project", "page", self._check_name]
        return [name for name in names if state.done.get(name) != self.wanted[name]]

    def _fits(self, state: State) -> bool:
        return state.usable(self.root, self.wanted) and (not self._chosen or state.python == this_python())

    def _environment(self) -> State:
        """Return the record of an environment that can be built on, made anew where there is none."""
        state = State.read(self.venv)
        if state is not None and self._fits(state) and environment.works(self.venv, self._environ):
            return state
        if state is None and not self._making.exists() and environment.is_plain(self.venv, self._environ):
            self._progress.say("Using the .venv that is there: nothing is installed in it yet.")
            return State(str(self.root), this_python())
        again = " anew" if self.venv.exists() else ""
        self._progress.say(f"Making .venv{again} with Python {this_python()}.")
        self._making.touch()
        environment.make(self.venv, self._environ)
        state = State(str(self.root), this_python())
        state.write(self.venv)
        self._making.unlink()
        return state

    def _announce(self, groups: list[Lock]) -> None:
        size = sum((lock.size for lock in groups), Size(0, 0, 0))
        names = ", ".join(lock.path.name for lock in groups)
        self._progress.say(
            f"Installing {size.packages} packages ({names} of locks/): about {size.download_mb} MB to fetch, "
            f"{size.disk_mb} MB on disk."
        )

    def _group(self, lock: Lock, pip: Pip, settings: dict[str, str], state: State) -> None:
        begun = time.monotonic()
        self._downloads.fetch(lock, pip, settings, self._progress.update)
        fetched = time.monotonic()
        state.begun = {lock.group: lock.checksum}
        state.write(self.venv)
        before = self._packages()
        # --ignore-installed: what a break left of this group is overwritten; pip would take it for installed.
        process = pip.start(
            "install",
            "--no-deps",
            "--require-hashes",
            "--ignore-installed",
            "--only-binary=:all:",
            "--no-index",
            "--find-links",
            str(self._downloads.files),
            "-r",
            str(lock.path),
            log=self._downloads.log,
        )
        code = wait(
            process,
            lambda: self._progress.update(
                f"{lock.group}: unpacked {max(0, self._packages() - before)} of about {lock.size.packages} packages"
            ),
        )
        if code:
            raise explained(f"pip could not install the packages of {lock.path.name}", self._downloads.log)
        state.begun = {}
        state.done[lock.group] = lock.checksum
        state.write(self.venv)
        ended = time.monotonic()
        self._progress.say(
            f"{lock.group}: {lock.size.packages} packages, fetched in {fetched - begun:.0f} s, "
            f"unpacked in {ended - fetched:.0f} s"
        )

    def _project(self, pip: Pip, state: State) -> None:
        for left in self.venv.glob("lib/python*/site-packages/topicsnap-*.dist-info"):
            shutil.rmtree(left)
        # Without the page, for pip keeps to itself what the build hook says of it.
        process = pip.start(
            "install",
            "--no-deps",
            "--no-build-isolation",
            "--no-index",
            "--editable",
            str(self.root),
            log=self._downloads.log,
            variables={"TOPICSNAP_SKIP_GRAPHIQL": "1"},
        )
        if wait(process, lambda: self._progress.update("topicsnap: installing")):
            raise explained("pip could not install Topicsnap itself", self._downloads.log)
        state.done["project"] = self.wanted["project"]
        state.write(self.venv)

    def _page(self, state: State) -> None:
        """Build the GraphiQL page. Where that fails the gateway goes without, and the sentence says why."""
        with self._downloads.log.open("wb") as out:
            process = subprocess.Popen(
                [environment.python_of(self.venv), "hatch_build.py"],
                cwd=self.root,
                env=clean_environment(self._environ),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        code = wait(process, lambda: self._progress.update("GraphiQL: building the page with npm"))
        said = self._downloads.log.read_text("utf-8", errors="replace").strip()
        if code:
            raise InstallError(f"hatch_build.py failed:\n{said}")
        self._progress.say(said)
        state.done["page"] = self.wanted["page"]
        state.write(self.venv)

    def _check(self, pip: Pip, state: State) -> None:
        """Have pip look whether every requirement of every package is there and fits."""
        process = pip.start("check", log=self._downloads.log)
        if wait(process, lambda: self._progress.update("pip check")):
            raise explained("Packages of locks/ do not fit each other; please report it", self._downloads.log)
        fits = [name for name, groups in PROFILES.items() if state.done.keys() >= set(groups)]
        state.done |= {f"check-{name}": self.wanted[f"check-{name}"] for name in fits}
        state.write(self.venv)

    def _packages(self) -> int:
        return len(list(self.venv.glob("lib/python*/site-packages/*.dist-info")))


def _page_sources(root: Path) -> list[Path]:
    left_out = {"node_modules", "dist"}
    return [
        path
        for path in sorted((root / "graphiql").rglob("*"))
        if path.is_file() and path.relative_to(root / "graphiql").parts[0] not in left_out
    ]


def _checksum(root: Path, paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
