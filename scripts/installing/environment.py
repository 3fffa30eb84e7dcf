"""The virtual environment: made anew unless the one that is there can be trusted."""

import re
import subprocess
import sys
from pathlib import Path

from scripts.installing.errors import InstallError
from scripts.installing.pip import clean_environment

_PLAIN = {"pip", "setuptools", "wheel"}
_OLDEST_PIP = (22, 3)
_ASK = """
import importlib.metadata as metadata, sys
own = [path for path in sys.path if path.startswith(sys.prefix)]
print(metadata.version("pip"))
print(*{(found.metadata["Name"] or "").lower() for found in metadata.distributions(path=own)})
"""


def python_of(venv: Path) -> Path:
    """Return the interpreter of the environment."""
    return venv / "bin" / "python"


def works(venv: Path, environ: dict[str, str]) -> bool:
    """Whether its interpreter runs, and finds its pip."""
    return _ask(venv, "import pip", environ) is not None


def is_plain(venv: Path, environ: dict[str, str]) -> bool:
    """Whether somebody made it and installed nothing: then it is used as it is, with the pip that it has."""
    told = _ask(venv, _ASK, environ)
    if told is None:
        return False
    version, _, names = told.partition("\n")
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return numbers >= _OLDEST_PIP and set(names.split()) <= _PLAIN


def make(venv: Path, environ: dict[str, str]) -> None:
    """Make it anew, with the Python that runs. Raises InstallError."""
    command = [sys.executable, "-m", "venv", "--clear", str(venv)]
    done = subprocess.run(command, env=clean_environment(environ), check=False, capture_output=True, text=True)
    if done.returncode:
        said = (done.stdout + done.stderr).strip()
        raise InstallError(f"{' '.join(command)} failed:\n{said}\nChoose another Python with PYTHON=/path/to/python.")


def _ask(venv: Path, code: str, environ: dict[str, str]) -> str | None:
    try:
        done = subprocess.run(
            [python_of(venv), "-c", code], env=clean_environment(environ), check=False, capture_output=True, text=True
        )
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
