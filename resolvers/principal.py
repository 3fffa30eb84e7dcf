"""The caller: the tenant whose rows are visible, the subject that the ledger names, and the permissions."""

from dataclasses import dataclass

DEFAULT_TENANT = "default"


@dataclass(frozen=True, slots=True)
class Principal:
    """The caller of an operation; made by the gateway, never by a client's input."""

    tenant_id: str
    subject: str
    permissions: frozenset[str] = frozenset()


LOCAL_PRINCIPAL = Principal(DEFAULT_TENANT, "local", frozenset({"read", "snapshot", "sync"}))
"""The fixed principal of mode `none`, which serves on loopback only."""
