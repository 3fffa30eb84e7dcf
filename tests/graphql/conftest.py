"""The API's fixture."""

from tests.support.api import api

__all__ = ["api"]
