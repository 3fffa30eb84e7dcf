"""Our packages are ours."""

from pathlib import Path

import pytest

from gateway.errors import StartError
from gateway.process.provenance import check_packages


def test_our_own_are() -> None:
    check_packages()


def test_a_package_from_elsewhere_is_named(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="The package `schema` is not Topicsnap's"):
        check_packages(tmp_path)
