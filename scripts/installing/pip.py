"""Running the pip of .venv: with the user's ways to the package index, and with nothing else of their settings."""

import ast
import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from scripts.installing.errors import InstallError

INDEX_SETTINGS = frozenset(
    {
        "cache-dir",
        "cert",
        "client-cert",
        "default-timeout",
        "extra-index-url",
        "find-links",
        "index-url",
        "keyring-provider",
        "no-cache-dir",
        "no-index",
        "proxy",
        "resume-retries",
        "retries",
        "timeout",
        "trusted-host",
        "use-deprecated",  # legacy-certs
        "use-feature",  # truststore
    }
)
"""Settings of pip that say how to get files. Others (user, target, constraint …) would put them elsewhere."""

_PYTHON_VARIABLES = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONUSERBASE",
    "PYTHONPLATLIBDIR",
    "__PYVENV_LAUNCHER__",
)


def clean_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what leads Python or pip astray."""
    return {
        name: value for name, value in environ.items() if not name.startswith("PIP_") and name not in _PYTHON_VARIABLES
    } | {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}


def index_environment(listed: str) -> dict[str, str]:
    """Return the settings that matter, as variables, from what `pip config list` says.

    The later of two wins, as in pip: files, then their sections for single commands, then the environment.
    """
    found: dict[str, dict[str, str]] = {"global": {}, "install": {}, "download": {}, ":env:": {}}
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        section, _, key = place.strip().partition(".")
        key = key.strip(".").replace("_", "-").lower()
        if section in found and key in INDEX_SETTINGS:
            found[section][key] = str(ast.literal_eval(value))
    settings = {key: value for section in found.values() for key, value in section.items()}
    return {f"PIP_{key.upper().replace('-', '_')}": value for key, value in settings.items()}


class Pip:
    """The pip of one environment."""

    def __init__(self, python: Path, environ: Mapping[str, str], keep_open: Iterable[int] = ()) -> None:
        """Run `python -m pip`; its processes hold the file descriptors `keep_open` as long as they live."""
        self._command = (str(python), "-m", "pip")
        self._clean = clean_environment(environ)
        self._keep_open = tuple(keep_open)
        # As the user has it, but for what keeps pip from answering at all.
        unwanted = {*_PYTHON_VARIABLES, "PIP_REQUIRE_VIRTUALENV"}
        self._listing = {name: value for name, value in environ.items() if name not in unwanted}

    def settings(self) -> dict[str, str]:
        """Return the user's ways to the index, as variables. Raises InstallError where their files cannot be read."""
        done = subprocess.run(
            (*self._command, "config", "list"), env=self._listing, check=False, capture_output=True, text=True
        )
        if done.returncode:
            raise InstallError(
                f"pip cannot read its configuration:\n{done.stderr.strip()}\nMend it, and run this again."
            )
        return index_environment(done.stdout)

    def start(
        self, *arguments: str, log: Path, variables: Mapping[str, str] | None = None
    ) -> "subprocess.Popen[bytes]":
        """Start pip in a group of its own, so that Ctrl+C reaches us alone; what it says goes to the file `log`."""
        with log.open("wb") as out:
            return subprocess.Popen(
                (*self._command, *arguments),
                env={**self._clean, **(variables or {})},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=self._keep_open,
            )
