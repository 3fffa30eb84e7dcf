"""The address of a gateway as it is typed: what is wrong with it is said before anything is connected."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from gateway.errors import SettingsError

EXAMPLE = "http://127.0.0.1:8000"
_ENDPOINT = "/graphql"
_SCHEME = re.compile(r"[A-Za-z]+:/{1,2}")
_ONE_SLASH = re.compile(r"(https?):/?([^/].*)")
_BRACKETS = "has brackets around something that is no IPv6 address: write http://[::1]:8000"


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """Where a gateway is."""

    url: str
    """The URL of its GraphQL endpoint, with the credentials where some were given."""
    name: str
    """The address for messages, without credentials."""
    encrypted: bool


def server_address(given: str) -> ServerAddress:
    """Return the address that `given` (of `--server` or TOPICSNAP_SERVER) means.

    Raises SettingsError with what is wrong with it and what to write instead.
    """
    text = given.strip()
    if not text:
        raise SettingsError(f"The gateway's address is empty. Give --server (or TOPICSNAP_SERVER) as {EXAMPLE}.")
    if (one_slash := _ONE_SLASH.match(text)) is not None:
        raise _wrong(_shown(text), f"lacks a slash: write {one_slash[1]}://{_shown(one_slash[2])}")
    if "://" not in text:
        raise _wrong(_shown(text), f"has no scheme: add http://, as in --server http://{_shown(text)}")
    try:
        parts = urlsplit(text)
    except ValueError:
        raise _wrong(_shown(text), _BRACKETS) from None
    shown = _shown(text)
    if parts.scheme not in {"http", "https"}:
        raise _wrong(shown, f"begins with {parts.scheme}://: a gateway speaks http:// or https://")
    _check_host(parts, shown)
    if parts.query or parts.fragment:
        raise _wrong(shown, "has a part after ? or #: leave that out")
    path = parts.path.rstrip("/")
    if path.endswith(_ENDPOINT):
        raise _wrong(shown, f"ends with {_ENDPOINT}: leave that out, the command adds it")
    base = f"{parts.scheme}://{parts.netloc}{path}"
    return ServerAddress(base + _ENDPOINT, _shown(base), parts.scheme == "https")


def _check_host(parts: SplitResult, shown: str) -> None:
    host = parts.netloc.rpartition("@")[2]
    if any(character.isspace() for character in parts.netloc):
        raise _wrong(shown, "has a blank in it")
    if host.count(":") > 1 and not host.startswith("["):
        raise _wrong(shown, "has an IPv6 address without brackets: write http://[::1]:8000")
    try:
        port = parts.port
    except ValueError:
        raise _wrong(shown, "has a wrong port: a port is a number from 1 to 65535") from None
    if not parts.hostname:
        raise _wrong(shown, "names no host")
    if port == 0 or host.endswith(":"):
        raise _wrong(shown, "has a wrong port: a port is a number from 1 to 65535")
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(parts.hostname)
        except ValueError:
            raise _wrong(shown, _BRACKETS) from None


def _shown(text: str) -> str:
    """`text` without credentials, however it is written."""
    scheme = _SCHEME.match(text)
    beginning = scheme[0] if scheme else ""
    return beginning + text.removeprefix(beginning).rpartition("@")[2]


def _wrong(shown: str, what: str) -> SettingsError:
    return SettingsError(f"The gateway's address {shown} (--server, TOPICSNAP_SERVER) {what}.")
