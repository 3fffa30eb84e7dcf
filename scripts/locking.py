"""`make lock`, second half: split one resolution into the files of locks/, and measure each of them."""

import os
import platform
import sys
import sysconfig
import zipfile
from collections.abc import Iterable
from pathlib import Path

from scripts.installing.locks import GROUPS, Entry, Size, read_entries, size_line
from scripts.installing.pip import Pip

_MB = 1_000_000


def split(every: Iterable[Entry], needed: dict[str, set[str]]) -> dict[str, list[Entry]]:
    """Return the packages of each group: each in the first group that needs it, and what none needs in the last.

    `build` and `sandbox` are installed on top of `runtime`, each without the other if need be, so a package that both
    need stands in both. `dev` is installed on top of all.
    """
    found: dict[str, list[Entry]] = {group: [] for group in GROUPS}
    for entry in every:
        if entry.name in needed["runtime"]:
            found["runtime"].append(entry)
            continue
        others = [group for group in ("build", "sandbox") if entry.name in needed[group]]
        for group in others or ["dev"]:
            found[group].append(entry)
    return found


def measure(lock: Path, folder: Path) -> Size:
    """Fetch the lock's files for this machine, and return how many and how large they are, packed and unpacked."""
    pip = Pip(Path(sys.executable), os.environ)
    process = pip.start(
        "download",
        "--no-deps",
        "--require-hashes",
        "--only-binary=:all:",
        "-r",
        str(lock),
        "-d",
        str(folder),
        log=folder.with_suffix(".log"),
        variables=pip.settings(),
    )
    if process.wait():
        sys.exit(folder.with_suffix(".log").read_text("utf-8"))
    files = list(folder.glob("*.whl"))
    return Size(len(files), _mb(path.stat().st_size for path in files), _mb(unpacked(path) for path in files))


def unpacked(wheel: Path) -> int:
    """Return the bytes that the wheel takes when it is installed: Python files twice, as pip compiles them."""
    with zipfile.ZipFile(wheel) as archive:
        return sum(info.file_size * (2 if info.filename.endswith(".py") else 1) for info in archive.infolist())


def _mb(sizes: Iterable[int]) -> int:
    return max(1, round(sum(sizes) / _MB))


def main(work: Path, tool: str) -> None:
    """Write locks/ from the resolution `all.txt` in the folder `work` and the names in its other files."""
    texts = {path.stem: path.read_text("utf-8") for path in work.glob("*.txt")}
    needed = {group: {entry.name for entry in read_entries(texts[group])} for group in ("runtime", "build", "sandbox")}
    machine = f"{platform.system()} {platform.machine()}, Python {sysconfig.get_python_version()}"
    for group, entries in split(read_entries(texts["all"]), needed).items():
        path = Path("locks") / f"{group}.txt"
        head = f"# Written by `make lock` with {tool} from pyproject.toml.\n"
        body = "\n".join(entry.text for entry in entries) + "\n"
        path.write_text(head + body, encoding="utf-8")
        size = measure(path, work / group)
        path.write_text(f"{head}{size_line(machine, size)}\n{body}", encoding="utf-8")
        sys.stdout.write(
            f"{path}: {size.packages} packages, {size.download_mb} MB to fetch, {size.disk_mb} MB on disk\n"
        )


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
