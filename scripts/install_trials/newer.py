"""Made-up releases: a newer version of every locked package, so that a trial does not depend on the day."""

import zipfile
from pathlib import Path

from scripts.installing.locks import Entry

VERSION = "99999.0"


def release_newer(entries: list[Entry], folder: Path) -> None:
    """Write an empty wheel of a far newer version for each package into the folder, as PIP_FIND_LINKS takes it."""
    folder.mkdir()
    for entry in entries:
        name = entry.name.replace("-", "_").replace(".", "_")
        place = f"{name}-{VERSION}.dist-info"
        with zipfile.ZipFile(folder / f"{name}-{VERSION}-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{place}/METADATA", f"Metadata-Version: 2.1\nName: {entry.name}\nVersion: {VERSION}\n")
            wheel.writestr(f"{place}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{place}/RECORD", "")
