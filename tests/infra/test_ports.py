"""Which ports are chosen, remembered and given up."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import ports
from infra.local.state import State


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.socket() as made:
        made.bind(("127.0.0.1", ports.choose(())))
        made.listen()
        yield made


def test_chosen_ports_are_free_and_below_those_of_outgoing_connections() -> None:
    chosen = [ports.choose(()) for _ in range(20)]
    assert all(ports.is_free(port) for port in chosen)
    assert all(ports.FIRST_PORT <= port <= ports.LAST_PORT < 32_768 for port in chosen)


def test_a_port_with_a_listener_is_not_free_and_is_answered(listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    assert not ports.is_free(port)
    assert ports.is_answered(port)


def test_a_port_taken_on_all_addresses_is_not_free() -> None:
    with socket.socket() as everywhere:
        everywhere.bind(("0.0.0.0", ports.choose(())))  # noqa: S104 - such a listener is what the test is about
        everywhere.listen()
        assert not ports.is_free(everywhere.getsockname()[1])


def test_a_port_is_remembered_by_the_next_command(tmp_path: Path) -> None:
    first = State.load(tmp_path).port("postgres")
    assert State.load(tmp_path).port("postgres") == first


def test_two_names_never_share_a_port(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    names = [f"name{index}" for index in range(30)]
    assert len({state.port(name) for name in names}) == len(names)


def test_a_taken_port_moves_and_a_free_one_stays(tmp_path: Path, listener: socket.socket) -> None:
    state = State.load(tmp_path)
    stays = state.port("stays")
    state.ports["moves"] = listener.getsockname()[1]
    assert state.settle_port("moves")
    assert not state.settle_port("stays")
    again = State.load(tmp_path)
    assert again.ports["stays"] == stays
    assert again.ports["moves"] != listener.getsockname()[1]
