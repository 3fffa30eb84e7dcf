"""Why a gateway could not be asked: what tests/integration/gateway/cli cannot bring about without a certificate."""

import errno
import ssl
from unittest.mock import sentinel

import aiohttp
import pytest

from gateway.cli.client.http_failures import failure
from gateway.cli.client.server_address import server_address

SERVER = server_address("https://u:s3cret@gw.example")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (10, "has expired."),
        (18, "is self-signed. If you trust it, name a file with it by SSL_CERT_FILE."),
        (20, "does not know. Where an authority of your own signed it, name a file"),
        (62, "was made for another name"),
        (99, "is not trusted (code 99)"),
    ],
)
def test_a_wrong_certificate(code: int, words: str) -> None:
    wrong = ssl.SSLCertVerificationError("certificate verify failed: library's words")
    wrong.verify_code = code
    text = failure(aiohttp.ClientConnectorCertificateError(sentinel.key, wrong), SERVER)
    assert text.startswith("The certificate of https://gw.example ")
    assert words in text
    assert "library" not in text


def test_what_the_system_says_is_passed_on_in_a_sentence() -> None:
    away = OSError(errno.EHOSTUNREACH, "No route to host")
    assert "https://gw.example: no route to host. Start one" in failure(away, SERVER)
    assert "connection was reset" in failure(OSError(errno.ECONNRESET, "x"), SERVER)
    assert failure(ValueError("x"), SERVER).startswith("https://gw.example is no address that can be asked.")


def test_a_connection_that_takes_too_long() -> None:
    assert "No connection to https://gw.example within 10 s." in failure(aiohttp.ConnectionTimeoutError(), SERVER)
