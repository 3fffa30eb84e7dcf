"""Which way of authentication the settings choose."""

from typing import assert_never

from gateway.auth.local import local_principal
from gateway.auth.principals import Authenticate
from gateway.settings import AuthKind


def authentication(kind: AuthKind) -> Authenticate:
    """Return what tells who makes a request."""
    match kind:
        case "none":
            return local_principal
        case _:
            assert_never(kind)
