"""The URL of Topicsnap's database as it is typed: what is wrong with it, without repeating any of its secrets."""

import difflib
from urllib.parse import SplitResult, parse_qsl, urlsplit

_EXAMPLE = "postgresql://user:password@host:5432/database"
_ENCODE = "In a user or password, write % as %25, @ as %40, / as %2F, ? as %3F, # as %23 and a blank as %20"
_SSL_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_PARAMETERS = (
    "application_name", "database", "dbname", "host", "options", "passfile", "password", "port",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcrl", "sslkey", "sslmode", "sslnegotiation",
    "sslpassword", "sslrootcert", "target_session_attrs", "user",
)  # fmt: skip
"""What libpq knows; others are settings of the server, of which there are too many to list."""
_ALIKE = 0.85
_PORTS = 1 << 16


def problem_of(url: str) -> str | None:
    """Return what is wrong with `url` and what to write instead, as the rest of a sentence; None where nothing is."""
    if not url.startswith(("postgresql://", "postgres://")):
        return f"it starts with postgresql://, as in {_EXAMPLE}"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "it has brackets around something that is no IPv6 address; write postgresql://user@[::1]:5432/database"
    if parts.fragment or "@" in parts.path or any(character.isspace() for character in url):
        return f"it has a character that ends a part of it too early. {_ENCODE}"
    return _problem_of_ports(parts) or _problem_of_parameters(parts)


def _problem_of_ports(parts: SplitResult) -> str | None:
    for place in parts.netloc.rpartition("@")[2].split(","):
        _, separator, port = place.rpartition("]")[2].partition(":")
        if not separator:
            continue
        if ":" in port:
            return "it has an IPv6 address without brackets; write postgresql://user@[::1]:5432/database"
        if not (port.isascii() and port.isdecimal() and 0 < int(port) < _PORTS):
            return f"its port is no number from 1 to 65535. {_ENCODE}"
    return None


def _problem_of_parameters(parts: SplitResult) -> str | None:
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name == "sslmode" and value not in _SSL_MODES:
            return f"its sslmode is none of {', '.join(_SSL_MODES)}"
        if name not in _PARAMETERS and (close := difflib.get_close_matches(name, _PARAMETERS, 1, _ALIKE)):
            return f"unknown parameter {name}; did you mean {close[0]}?"
    return None
