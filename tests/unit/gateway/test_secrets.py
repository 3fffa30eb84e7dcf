"""References to secrets: what they stand for, and that no message gives one away."""

import os
from pathlib import Path

import pytest

from gateway.secrets import MAX_SECRET_BYTES, ReferencedSecrets
from snapshots.errors import SecretError
from snapshots.ports.secrets import Secrets

SECRETS: Secrets = ReferencedSecrets({"SHOP_URL": "postgresql://u:s3cret@db/shop", "EMPTY": ""})


def test_a_variable() -> None:
    assert SECRETS.resolve("env:SHOP_URL") == "postgresql://u:s3cret@db/shop"


def test_a_file_without_its_last_line_break(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_bytes("pä ss\nword\r\n".encode())
    assert SECRETS.resolve(f"file:{path}") == "pä ss\nword"


def test_a_file_is_read_anew_each_time(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("one")
    assert SECRETS.resolve(f"file:{path}") == "one"
    path.write_text("two")
    assert SECRETS.resolve(f"file:{path}") == "two"


def test_the_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_SECRET_OF_OURS", "x")
    assert ReferencedSecrets().resolve("env:TEST_SECRET_OF_OURS") == "x"


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("env:MISSING", "MISSING is not set"),
        ("env:EMPTY", "EMPTY is not set"),
        ("env:", "is written env:NAME"),
        ("vault:kv/shop", "is written env:NAME"),
        ("file:relative/path", "must be absolute"),
        ("file:/nowhere/at/all", "does not exist"),
    ],
)
def test_what_cannot_be_resolved(reference: str, message: str) -> None:
    with pytest.raises(SecretError, match=message):
        SECRETS.resolve(reference)


def test_a_secret_in_the_place_of_a_reference_is_not_repeated() -> None:
    with pytest.raises(SecretError) as raised:
        SECRETS.resolve("postgresql://u:s3cret@db/shop")
    assert "s3cret" not in str(raised.value)


def test_files_that_are_no_secrets(tmp_path: Path) -> None:
    large, empty, binary, pipe = (tmp_path / name for name in ("large", "empty", "binary", "pipe"))
    large.write_bytes(b"x" * (MAX_SECRET_BYTES + 1))
    empty.write_bytes(b"\n")
    binary.write_bytes(b"\xff\xfe")
    os.mkfifo(pipe)
    expected = {large: "longer than", empty: "is empty", binary: "not UTF-8", pipe: "not a regular file"}
    for path, message in expected.items():
        with pytest.raises(SecretError, match=message):
            SECRETS.resolve(f"file:{path}")
    large.write_bytes(b"x" * MAX_SECRET_BYTES)
    assert len(SECRETS.resolve(f"file:{large}")) == MAX_SECRET_BYTES
