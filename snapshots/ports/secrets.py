"""The port to secrets."""

from typing import Protocol


class Secrets(Protocol):
    """Resolves references such as `env:SHOP_DATABASE_URL` or `file:/run/secrets/shop` when they are used."""

    def resolve(self, reference: str) -> str:
        """Return the secret behind `reference`. Raises SecretError; the message never holds the secret."""
        ...
