"""Authentication where there is none: AUTH is `none`."""

from starlette.requests import HTTPConnection

from resolvers.principal import LOCAL_PRINCIPAL, Principal


async def local_principal(_: HTTPConnection) -> Principal:
    """Everybody who reaches the port: the settings see to it that only this machine does."""
    return LOCAL_PRINCIPAL
