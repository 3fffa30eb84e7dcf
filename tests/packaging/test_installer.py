"""What the installation does with what it finds: from an index of files, in a checkout of two made-up packages."""

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
GROUPS = ("runtime", "build", "sandbox", "dev")
BACKEND = """
import base64, hashlib, zipfile
from pathlib import Path
def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "topicsnap-0.1.0"
    with zipfile.ZipFile(Path(folder) / f"{name}-py3-none-any.whl", "w") as wheel:
        meta = "Metadata-Version: 2.1\\nName: topicsnap\\nVersion: 0.1.0\\nRequires-Dist: runtime-package\\n"
        wheel.writestr(f"{name}.dist-info/METADATA", meta)
        wheel.writestr(f"{name}.dist-info/licenses/LICENSE", "")
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    return f"{name}-py3-none-any.whl"
"""


class Checkout:
    """A checkout with one package in each lock, and nothing but a folder of wheels to get them from."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wheels = root.parent / "wheels"
        self.wheels.mkdir(parents=True)
        (root / "locks").mkdir(parents=True)
        (root / "graphiql").mkdir()
        (root / "scripts").symlink_to(ROOT / "scripts")
        (root / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "b"\nbackend-path = ["."]\n'
        )
        (root / "b.py").write_text(BACKEND)
        (root / "hatch_build.py").write_text("print('GraphiQL: played.')\n")
        for group in GROUPS:
            self.lock(group, "1.0")

    def lock(self, group: str, version: str, requires: Sequence[str] = ()) -> None:
        """Lock a version of the group's package, made for that."""
        place = f"{group}_package-{version}"
        path = self.wheels / f"{place}-py3-none-any.whl"
        meta = f"Metadata-Version: 2.1\nName: {group}-package\nVersion: {version}\n"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{group}_package.py", f"version = {version!r}\n")
            wheel.writestr(
                f"{place}.dist-info/METADATA", meta + "".join(f"Requires-Dist: {line}\n" for line in requires)
            )
            wheel.writestr(f"{place}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{place}.dist-info/RECORD", "")
        digest = sha256(path.read_bytes()).hexdigest()
        (self.root / "locks" / f"{group}.txt").write_text(
            f"{group}-package=={version} \\\n    --hash=sha256:{digest}\n"
        )

    def install(self, profile: str) -> subprocess.CompletedProcess[str]:
        """Install, with settings of pip that would lead it astray."""
        settings = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)}
        astray = {
            "PIP_USER": "1",
            "PIP_TARGET": "/nonexistent/t",
            "PIP_REQUIRE_VIRTUALENV": "1",
            "PIP_CONSTRAINT": "/no",
        }
        command = (sys.executable, "-E", "-s", "-m", "scripts.installing", profile)
        environment = {name: value for name, value in os.environ.items() if name != "PYTHON"} | settings | astray
        return subprocess.run(command, cwd=self.root, env=environment, check=False, capture_output=True, text=True)

    def installed(self) -> set[str]:
        """The packages in .venv, with their versions."""
        found = self.root.glob(".venv/lib/python*/site-packages/*.dist-info")
        names = {path.name.removesuffix(".dist-info") for path in found}
        return {name for name in names if not name.startswith(("pip-", "setuptools-", "wheel-"))}

    def state(self) -> dict[str, dict[str, str]]:
        """What was written down."""
        state: dict[str, dict[str, str]] = json.loads((self.root / ".venv" / ".installed").read_text())
        return state


DEMO = {"runtime_package-1.0", "build_package-1.0", "sandbox_package-1.0", "topicsnap-0.1.0"}


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "checkout")


def test_the_demo_first_then_only_the_rest_then_nothing(checkout: Checkout) -> None:
    first = checkout.install("demo")
    assert (first.returncode, checkout.installed()) == (0, DEMO), first.stdout + first.stderr
    assert "Installing 3 packages (runtime.txt, build.txt, sandbox.txt of locks/)" in first.stdout
    assert "GraphiQL: played." in first.stdout
    rest = checkout.install("dev")
    assert (rest.returncode, checkout.installed()) == (0, DEMO | {"dev_package-1.0"}), rest.stdout
    assert "Installing 1 packages (dev.txt of locks/)" in rest.stdout
    assert "Making .venv" not in rest.stdout
    assert [checkout.install(profile).stdout for profile in ("dev", "demo")] == ["", ""]
    assert not (checkout.root / ".venv-downloads").exists()


def test_who_has_the_rest_has_the_demo(checkout: Checkout) -> None:
    assert checkout.install("dev").returncode == 0
    assert checkout.install("demo").stdout == ""


def test_a_changed_lock_leaves_nothing_of_the_old_one(checkout: Checkout) -> None:
    checkout.install("dev")
    checkout.lock("runtime", "2.0")
    changed = checkout.install("demo")
    assert "Making .venv anew" in changed.stdout
    assert checkout.installed() == DEMO - {"runtime_package-1.0"} | {"runtime_package-2.0"}


def test_what_a_break_left_half_is_written_over(checkout: Checkout) -> None:
    checkout.install("demo")
    site = next(checkout.root.glob(".venv/lib/python*/site-packages"))
    state = checkout.state()
    # As if the machine had gone down while pip unpacked: named, not there in full, and not recorded as done.
    state["begun"] = {"sandbox": state["done"].pop("sandbox")}
    (checkout.root / ".venv" / ".installed").write_text(json.dumps(state))
    (site / "sandbox_package.py").unlink()
    (site / "sandbox_package-1.0.dist-info" / "RECORD").unlink()
    again = checkout.install("demo")
    assert "Installing 1 packages (sandbox.txt of locks/)" in again.stdout
    assert "Making .venv" not in again.stdout
    assert (site / "sandbox_package.py").is_file()
    assert checkout.state()["begun"] == {}


def test_a_checkout_that_was_moved_gets_a_new_environment(checkout: Checkout) -> None:
    checkout.install("demo")
    checkout.root = checkout.root.rename(checkout.root.with_name("moved"))
    assert "Making .venv anew" in checkout.install("demo").stdout


def test_a_lock_that_is_not_closed_is_told_and_not_forgotten(checkout: Checkout) -> None:
    checkout.lock("sandbox", "1.0", ["missing-package>=1"])
    for _ in range(2):
        refused = checkout.install("demo")
        assert refused.returncode == 1
        assert "sandbox-package 1.0 requires missing-package, which is not installed" in refused.stdout


def test_a_file_that_is_not_the_locked_one_is_not_installed(checkout: Checkout) -> None:
    lock = checkout.root / "locks" / "build.txt"
    lock.write_text(lock.read_text()[:-65] + "0" * 64 + "\n")
    refused = checkout.install("demo")
    assert refused.returncode == 1
    assert "Topicsnap is not installed. pip could not fetch the packages of build.txt" in refused.stdout
    assert "build_package-1.0" not in checkout.installed()


def test_the_environment_that_somebody_made_is_used(checkout: Checkout) -> None:
    subprocess.run((sys.executable, "-m", "venv", checkout.root / ".venv"), check=True)
    assert "Using the .venv that is there" in checkout.install("demo").stdout
    assert checkout.installed() == DEMO
