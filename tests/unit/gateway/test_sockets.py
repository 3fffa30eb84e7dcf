"""The listening socket."""

import socket

import pytest

from gateway.errors import StartError
from gateway.process.sockets import listening, url_of


def test_a_free_port_is_known_before_anything_is_served() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}"
        socket.create_connection(("127.0.0.1", port)).close()


def test_a_port_in_use_is_said_plainly() -> None:
    with listening("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        with pytest.raises(StartError, match=f"Port {port} on 127.0.0.1 is in use"), listening("127.0.0.1", port):
            pass


def test_an_address_that_is_not_ours() -> None:
    with pytest.raises(StartError, match=r"Cannot listen on 127\.0\.0\.1\.example"), listening("127.0.0.1.example", 0):
        pass


def test_an_ipv6_address_is_bracketed() -> None:
    try:
        probe = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("this machine has no IPv6")
    probe.close()
    with listening("::1", 0) as listener:
        assert url_of(listener).startswith("http://[::1]:")
