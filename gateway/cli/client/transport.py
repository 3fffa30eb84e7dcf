"""What a client asks through."""

from collections.abc import Mapping
from typing import Any, Protocol

Answer = Mapping[str, Any]
"""A GraphQL answer: `data`, and `errors` where there are any."""


class Transport(Protocol):
    """Carries an operation to whoever runs it, and the answer back."""

    async def send(self, document: str, variables: Mapping[str, object]) -> Answer:
        """Run an operation and return its answer.

        Raises ServerUnreachableError, ServerRefusedError, and in process whatever error of ours ended the operation.
        """
        ...

    async def cluster_ids(self) -> Mapping[str, str]:
        """Return the ids of all clusters by name; empty where only the gateway knows them. Raises DatabaseError."""
        ...

    async def work(self) -> None:
        """Do what a gateway's worker would do meanwhile, where no gateway is asked. Raises DatabaseError."""
        ...
