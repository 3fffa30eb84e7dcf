"""Why a gateway could not be asked over HTTP: what happened, and what to do about it, in words of ours."""

import errno
import ssl
from http import HTTPStatus

import aiohttp

from gateway.cli.client.server_address import ServerAddress

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 90.0

_START = "Start one by `topicsnap serve`, name another by --server, or use --direct."
_CHECK = "Check --server (or TOPICSNAP_SERVER)."
_OWN_CERTIFICATE = (
    "Where an authority of your own signed it, name a file with that authority's certificate by SSL_CERT_FILE."
)
# OpenSSL's X509_V_ERR_*, which Python passes on as `verify_code`.
_CERTIFICATES = {
    9: "is not valid yet: compare the clocks.",
    10: "has expired.",
    18: "is self-signed. If you trust it, name a file with it by SSL_CERT_FILE.",
    19: f"is signed by an authority that this machine does not trust. {_OWN_CERTIFICATE}",
    20: f"is signed by an authority that this machine does not know. {_OWN_CERTIFICATE}",
    21: f"is signed by an authority that this machine does not know. {_OWN_CERTIFICATE}",
    23: "was revoked.",
    62: "was made for another name: use the name that it was made for.",
    64: "was made for another address: use the name that it was made for.",
}
_CONNECTIONS = {
    errno.ECONNREFUSED: "nothing listens on this port",
    errno.ECONNRESET: "the connection was reset",
    errno.EPIPE: "the connection was closed",
}
_STATUSES = {
    HTTPStatus.UNAUTHORIZED: "A proxy in front of {name} asks for credentials (HTTP 401). Put them into --server.",
    HTTPStatus.FORBIDDEN: "{name} refuses this caller (HTTP 403). Ask whoever runs the gateway or the proxy before it.",
    HTTPStatus.BAD_GATEWAY: "A proxy answers at {name}, but the gateway behind it does not (HTTP 502).",
    HTTPStatus.SERVICE_UNAVAILABLE: "{name} serves nobody at the moment (HTTP 503). Try again later.",
    HTTPStatus.GATEWAY_TIMEOUT: "A proxy answers at {name}, but the gateway behind it was too slow (HTTP 504).",
    HTTPStatus.TOO_MANY_REQUESTS: "{name} takes no more requests at the moment (HTTP 429). Try again later.",
}


# The first that fits counts: aiohttp's errors are kinds of each other.
_FAILURES: tuple[tuple[type[Exception], str], ...] = (
    (aiohttp.ClientConnectorCertificateError, "The certificate of {name} {certificate}"),
    (
        aiohttp.ClientSSLError,
        "No encrypted connection to {name} can be made. Where it speaks plain HTTP, use http://.",
    ),
    (aiohttp.ClientConnectorDNSError, f"The host of {{name}} is not known: its name cannot be resolved. {_CHECK}"),
    (aiohttp.ConnectionTimeoutError, f"No connection to {{name}} within {CONNECT_SECONDS:g} s. {_CHECK}"),
    (
        TimeoutError,
        f"{{name}} did not answer within {ANSWER_SECONDS:g} s. What it has begun goes on: see `topicsnap watch`.",
    ),
    (aiohttp.ServerDisconnectedError, "{name} closed the connection before it had answered.{other_scheme}"),
    (aiohttp.ClientPayloadError, "{name} closed the connection before it had answered.{other_scheme}"),
    (aiohttp.ClientResponseError, f"What answers at {{name}} does not speak HTTP. {_CHECK}"),
    (OSError, "No gateway answers at {name}: {connection}. " + _START),
)


def failure(error: Exception, server: ServerAddress) -> str:
    """Return the sentences for what `error`, of aiohttp or of the system, means for the gateway at `server`."""
    for kind, sentence in _FAILURES:
        if isinstance(error, kind):
            return sentence.format(
                name=server.name,
                certificate=_certificate(error),
                connection=_connection(error),
                other_scheme="" if server.encrypted else " Where it speaks HTTPS, use https://.",
            )
    return f"{server.name} is no address that can be asked. {_CHECK}"


def not_ours(name: str, status: int, media_type: str) -> str:
    """Return the sentences for an answer that is not of a Topicsnap gateway."""
    if status in _STATUSES:
        return _STATUSES[HTTPStatus(status)].format(name=name)
    what = media_type or "nothing"
    return f"What answers at {name} is no Topicsnap gateway: it sent {what} with HTTP {status}. {_CHECK}"


def redirected(name: str, location: str) -> str:
    """Return the sentences for an answer that names another place."""
    target = location.removesuffix("/graphql") or "another place"
    return f"{name} has moved to {target}. Give that to --server, if it is where you want to go."


def _certificate(error: Exception) -> str:
    cause = error.certificate_error if isinstance(error, aiohttp.ClientConnectorCertificateError) else None
    code = cause.verify_code if isinstance(cause, ssl.SSLCertVerificationError) else None
    return _CERTIFICATES.get(code or 0, f"is not trusted (code {code}). {_OWN_CERTIFICATE}")


def _connection(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    words = cause.strerror if isinstance(cause, OSError) else None
    return _CONNECTIONS.get(getattr(cause, "errno", None) or 0) or (words or "the connection failed").lower()
