"""The guard itself: a door that does not shut is worse than none, because everybody relies on it."""

import socket
from collections.abc import Callable

import pytest

from tests import outside


def connect() -> None:
    socket.create_connection(("192.0.2.1", 80), timeout=1).close()


def connect_by_name() -> None:
    socket.create_connection(("example.com", 80), timeout=1).close()


def look_up() -> None:
    socket.gethostbyname("example.com")


def send_a_datagram() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"", ("192.0.2.1", 53))


def connect_by_ipv6() -> None:
    with socket.socket(socket.AF_INET6) as client:
        client.connect_ex(("2001:db8::1", 80))


@pytest.mark.parametrize("reach", [connect, connect_by_name, look_up, send_a_datagram, connect_by_ipv6])
def test_another_machine_cannot_be_reached(reach: Callable[[], None]) -> None:
    with pytest.raises(outside.OutsideError, match="tests stay on this machine"):
        reach()
    assert len(outside.ATTEMPTS) == 1
    outside.ATTEMPTS.clear()


def test_this_machine_can_be_reached() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(("localhost", server.getsockname()[1]), timeout=1),
    ):
        assert outside.ATTEMPTS == []
