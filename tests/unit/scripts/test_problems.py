"""pip's errors are shown in its own words, with what to do."""

from pathlib import Path

import pytest

from scripts.installing.problems import explained

_RETRYING = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'"


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            "The disk is full.",
        ),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", "not the locked one"),
        (f"{_RETRYING}\nERROR: No matching distribution found for orjson==3.13.0", "cannot be reached"),
        ("ERROR: No matching distribution found for orjson==3.13.0", "no such file for this Python"),
        ("ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/x'", "may not write"),
    ],
    ids=["disk", "hash", "network", "no-file", "permission"],
)
def test_advice(tmp_path: Path, said: str, advice: str) -> None:
    (tmp_path / "pip.log").write_text(f"Collecting orjson==3.13.0\n{said}\n")
    message = str(explained("pip could not fetch", tmp_path / "pip.log"))
    assert message.startswith("pip could not fetch:\n")
    assert advice in message
    assert said.splitlines()[-1] in message
    assert "Collecting" not in message


def test_what_nobody_knows_is_shown_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "pip.log").write_text("\n".join(f"line {number}" for number in range(100)))
    message = str(explained("pip could not fetch", tmp_path / "pip.log"))
    assert "line 99" in message
    assert "line 50" not in message
