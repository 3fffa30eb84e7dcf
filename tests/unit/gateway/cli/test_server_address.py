"""The address of a gateway: what is taken, and what is said of what is not."""

import pytest

from gateway.cli.client.server_address import ServerAddress, server_address
from gateway.errors import SettingsError


@pytest.mark.parametrize(
    ("given", "address"),
    [
        (
            "http://127.0.0.1:8000",
            ServerAddress("http://127.0.0.1:8000/graphql", "http://127.0.0.1:8000", encrypted=False),
        ),
        ("http://[::1]:8000/", ServerAddress("http://[::1]:8000/graphql", "http://[::1]:8000", encrypted=False)),
        (
            " https://u:s3cret@gw.example/cdc/ ",
            ServerAddress("https://u:s3cret@gw.example/cdc/graphql", "https://gw.example/cdc", encrypted=True),
        ),
    ],
)
def test_what_is_taken(given: str, address: ServerAddress) -> None:
    assert server_address(given) == address


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("", "address is empty"),
        ("127.0.0.1:8000", "add http://, as in --server http://127.0.0.1:8000"),
        ("localhost", "add http://, as in --server http://localhost"),
        ("http:/gw.example:80", "lacks a slash: write http://gw.example:80"),
        ("https:gw.example", "lacks a slash: write https://gw.example"),
        ("ftp://gw.example", "begins with ftp://: a gateway speaks http:// or https://"),
        ("http://", "names no host"),
        ("http://:8000", "names no host"),
        ("http://gw.example:abc", "a port is a number from 1 to 65535"),
        ("http://gw.example:99999", "a port is a number from 1 to 65535"),
        ("http://gw.example:0", "a port is a number from 1 to 65535"),
        ("http://gw.example:", "a port is a number from 1 to 65535"),
        ("http://gw example:80", "has a blank in it"),
        ("http://::1:8000", "write http://[::1]:8000"),
        ("http://[::1:8000", "write http://[::1]:8000"),
        ("http://[nobody]:8000", "brackets around something that is no IPv6 address"),
        ("http://gw.example/graphql", "ends with /graphql: leave that out"),
        ("http://gw.example/?a=b", "after ? or #"),
        ("http://gw.example/#top", "after ? or #"),
    ],
)
def test_what_is_wrong_is_said_and_what_to_write(given: str, sentence: str) -> None:
    with pytest.raises(SettingsError) as raised:
        server_address(given)
    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    "given",
    [
        "http:/u:s3cret@gw.example",
        "ftp://u:s3cret@gw.example",
        "http://u:s3cret@gw:abc",
        "u:s3cret@gw.example:80",
    ],
)
def test_credentials_are_never_repeated(given: str) -> None:
    with pytest.raises(SettingsError) as raised:
        server_address(given)
    assert "s3cret" not in str(raised.value)
