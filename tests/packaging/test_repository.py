"""The tracked files: nothing of one machine in them, nothing that shadows a dependency, no module grown too long."""

import ast
import re
import subprocess
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("gateway", "schema", "resolvers", "persistence", "snapshots", "sandbox")
LONGEST_MODULE_LINES = 300
PACKAGE_HOSTS = re.compile(
    r"pypi\.org|pythonhosted\.org|registry\.npmjs\.org|registry\.yarnpkg\.com"
    r'|https?://[^\s"]*(?:/simple(?:[/"\s]|$)|/packages/|\.whl|/-/[^\s"]*\.tgz)'
)
# First folders that any machine may have: below them, the second one tells whose path it is.
COMMON_FOLDERS = {"Users", "app", "etc", "home", "mnt", "opt", "root", "srv", "tmp", "usr", "var"}


def paths_near(checkout: Path) -> re.Pattern[str]:
    """Finds absolute paths of the machine on which the checkout lies."""
    parts = checkout.parts[1:3] if checkout.parts[1] in COMMON_FOLDERS else checkout.parts[1:2]
    return re.compile(rf"(?<![\w./-])/{re.escape('/'.join(parts))}/[A-Za-z]")


def tracked(*patterns: str) -> list[Path]:
    """The tracked files that are still there; those about to be committed count too."""
    command = ["git", "ls-files", "-z", "--cached", "--", *patterns]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    return [path for name in names if name and (path := ROOT / name).is_file()]


def tracked_lines() -> Iterator[tuple[str, str]]:
    for path in tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            yield f"{path.relative_to(ROOT)}:{number}", line


@pytest.mark.parametrize("pattern", [PACKAGE_HOSTS, paths_near(ROOT)], ids=["package-host", "machine-path"])
def test_no_tracked_file_names(pattern: re.Pattern[str]) -> None:
    assert [place for place, line in tracked_lines() if pattern.search(line)] == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (PACKAGE_HOSTS, "--index-url https:/" + "/mirror.example/simple"),
        (PACKAGE_HOSTS, '"resolved": "https:/' + '/mirror.example/graphiql/-/graphiql-5.4.0.tgz"'),
        (PACKAGE_HOSTS, "see files.python" + "hosted.org"),
        (paths_near(Path("/home/someone/topicsnap")), "#    uv pip compile -o /home/someone/runtime.txt"),
        (paths_near(Path("/checkouts/topicsnap")), "data: /checkouts/other/file"),
    ],
    ids=["index", "tarball", "host", "home", "folder"],
)
def test_patterns_find(pattern: re.Pattern[str], line: str) -> None:
    assert pattern.search(line)


def test_a_made_up_home_is_no_machine_path() -> None:
    assert not paths_near(Path("/home/someone/topicsnap")).search("HOME=/home/dev/x")


def test_nothing_shadows_the_alembic_package() -> None:
    assert not (ROOT / "alembic" / "__init__.py").exists()


def test_no_package_among_the_tests() -> None:
    assert tracked("tests/**/__init__.py", "tests/__init__.py") == []


def test_modules_stay_short() -> None:
    modules = tracked(*(f"{package}/**.py" for package in PACKAGES))
    assert modules
    lengths = {path.relative_to(ROOT).as_posix(): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE_LINES} == {}


def test_no_two_classes_have_one_name() -> None:
    """What a name means does not depend on the module; those that no other module can see (_Name) are left alone."""
    places: dict[str, list[str]] = defaultdict(list)
    for path in tracked(*(f"{package}/**.py" for package in PACKAGES)):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path.relative_to(ROOT).as_posix())
    assert {"TopicType", "Topic"} <= places.keys()
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_every_package_says_what_it_owns() -> None:
    folders = {path.parent for path in tracked(*(f"{package}/**.py" for package in PACKAGES))}
    assert {ROOT / package for package in PACKAGES} <= folders
    silent = [
        folder.relative_to(ROOT).as_posix()
        for folder in sorted(folders)
        if not (init := folder / "__init__.py").is_file() or not ast.get_docstring(ast.parse(init.read_text("utf-8")))
    ]
    assert silent == []


def test_every_dependency_is_explained() -> None:
    described = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project = described["project"]
    requirements = [
        *project["dependencies"],
        *(line for extra in project["optional-dependencies"].values() for line in extra),
        *(line for group in described["dependency-groups"].values() for line in group),
    ]
    names = {name[0] for line in requirements if (name := re.match(r"[\w.-]+", line))}
    explained = set(
        re.findall(r"^\| ([\w.-]+) \|", (ROOT / "docs" / "dependencies.md").read_text("utf-8"), re.MULTILINE)
    )
    assert names == explained - {"package"}
