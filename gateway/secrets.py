"""References to secrets, resolved when they are used: `env:NAME` or `file:/absolute/path`."""

import os
from collections.abc import Mapping
from pathlib import Path

from snapshots.errors import SecretError

MAX_SECRET_BYTES = 65_536
"""Largest file that is taken for a secret."""


class ReferencedSecrets:
    """Reads secrets from the environment and from files, each time anew, so that a rotated one is seen.

    Implements snapshots.ports.secrets.Secrets.
    """

    def __init__(self, environ: Mapping[str, str] | None = None) -> None:
        """Read variables from `environ`, by default the process's environment."""
        self._environ = os.environ if environ is None else environ

    def resolve(self, reference: str) -> str:
        """Return the secret behind `reference`, without a file's final line break.

        Raises SecretError; its message names the reference where it has a known scheme, never what is behind it.
        """
        scheme, separator, name = reference.partition(":")
        if separator and name and scheme == "env":
            return self._variable(name)
        if separator and name and scheme == "file":
            return _file(name)
        # Not repeated: somebody may have put the secret itself where a reference belongs.
        raise SecretError("A reference to a secret is written env:NAME or file:/absolute/path.")

    def _variable(self, name: str) -> str:
        value = self._environ.get(name, "")
        if not value:
            raise SecretError(f"The environment variable {name} is not set.")
        return value


def _file(name: str) -> str:
    path = Path(name)
    if not path.is_absolute():
        raise SecretError(f"The path of a secret's file must be absolute: {name}.")
    try:
        if not path.is_file():  # a pipe or a device could block for ever
            raise SecretError(f"The secret's file {name} does not exist or is not a regular file.")
        with path.open("rb") as file:
            content = file.read(MAX_SECRET_BYTES + 1)
    except OSError as error:
        raise SecretError(f"The secret's file {name} cannot be read: {error.strerror}.") from error
    if len(content) > MAX_SECRET_BYTES:
        raise SecretError(f"The secret's file {name} is longer than {MAX_SECRET_BYTES} bytes.")
    try:
        secret = content.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretError(f"The secret's file {name} is not UTF-8 text.") from None
    if not secret:
        raise SecretError(f"The secret's file {name} is empty.")
    return secret
