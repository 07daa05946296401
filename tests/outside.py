"""Refuses what this process sends to other machines: tests talk to servers of their own, on the loopback.

Processes that a test starts are not watched.
"""

import ipaddress
import sys

ATTEMPTS: list[str] = []
"""What was refused."""

_ADDRESS_AT = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1}
_NAME_AT = {"socket.getaddrinfo": 0, "socket.gethostbyname": 0}


class OutsideError(RuntimeError):
    """A test tried to reach another machine."""


def refuse() -> None:
    """From now on, refuse. An audit hook sees every socket of Python, whoever opened it, and cannot be taken off."""
    sys.addaudithook(_watch)


def _watch(event: str, args: tuple[object, ...]) -> None:
    if event in _ADDRESS_AT:
        address = args[_ADDRESS_AT[event]]
        host = address[0] if isinstance(address, tuple) and address else None
    elif event in _NAME_AT:
        host = args[_NAME_AT[event]]
    else:
        return
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if isinstance(host, str) and not _is_here(host):
        ATTEMPTS.append(f"{event} {host}")
        raise OutsideError(f"tests stay on this machine: {event} to {host} was refused")


def _is_here(host: str) -> bool:
    if host in {"", "localhost", "0.0.0.0", "::"}:  # noqa: S104 - as a target, these mean this machine
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
