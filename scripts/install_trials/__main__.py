"""`python -m scripts.install_trials [--full]`: run the trials, one after the other, and count them."""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from scripts.install_trials.newer import release_newer
from scripts.install_trials.plan import NEWEST, Case, cases
from scripts.install_trials.trial import Trial, TrialError
from scripts.installing.locks import read_locks

ROOT = Path.cwd()


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    found = pythons()
    planned = cases(full="--full" in arguments, found=found)
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="install-trials-") as folder:
        newer = Path(folder) / "newer"
        release_newer([entry for lock in read_locks(ROOT) for entry in lock.entries], newer)
        environ = environment(os.environ, newer)
        for number, case in enumerate(planned):
            python = found.get(case.version)
            if python is None:
                say(f"{case}: not tried, there is no Python {case.version} on this machine")
                skipped += 1
            elif attempt(case, python, Path(folder) / f"trial-{number}", environ):
                passed += 1
            else:
                failed += 1
    say(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


def attempt(case: Case, python: Path, folder: Path, environ: Mapping[str, str]) -> bool:
    """Whether the trial went well; says so."""
    say(f"{case}: begins, with {python}")
    trial = Trial(ROOT, folder, environ)
    try:
        trial.run(python, "" if case.pip == NEWEST else case.pip)
    except TrialError as error:
        # Indented, so that no line of it is taken for a count of ours.
        say(f"{case}: FAILED\n" + "\n".join(f"    {line}" for line in str(error).splitlines()))
        return False
    took = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in trial.took.items())
    say(f"{case}: ok with pip {trial.pip_version()} ({took})")
    return True


def environment(environ: Mapping[str, str], newer: Path) -> dict[str, str]:
    """Return our environment, without what a make above us adds, and with newer releases to be had."""
    kept = {
        name: value
        for name, value in environ.items()
        if not re.match(r"MAKE|MFLAGS|GNUMAKEFLAGS|TOPICSNAP_|PORT$|PYTHON$|VIRTUAL_ENV$", name)
    }
    return kept | {"PIP_FIND_LINKS": f"{environ.get('PIP_FIND_LINKS', '')} {newer}".strip()}


def pythons() -> dict[str, Path]:
    """Return one Python of each version that is there, on PATH or in the folder of a version manager."""
    listed = subprocess.run(
        (ROOT / "scripts" / "python", "all"), check=True, capture_output=True, text=True
    ).stdout.split("\n")
    found = {}
    for path in filter(None, listed):
        code = "import sys; print('%d.%d' % sys.version_info[:2])"
        version = subprocess.run((path, "-c", code), check=True, capture_output=True, text=True).stdout.strip()
        found[version] = Path(path)
    return found


def say(text: str) -> None:
    """Print at once: a trial takes minutes."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
