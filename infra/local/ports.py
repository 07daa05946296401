"""Which TCP ports on the loopback are free?

Ports are chosen below the range from which the kernel takes the ports of outgoing connections, so that a remembered
port is not lost to a passing connection while the stack is down.
"""

import random
import socket
from collections.abc import Collection

from pipeline.errors import StackError

LOOPBACK = "127.0.0.1"
FIRST_PORT = 20_000
LAST_PORT = 32_000
ATTEMPTS = 200
CONNECT_TIMEOUT_S = 1.0


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of the loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # Without this, a port whose last connections are still fading out would count as taken.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def is_answered(port: int) -> bool:
    """Whether some server listens on this port of the loopback now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(CONNECT_TIMEOUT_S)
        return probe.connect_ex((LOOPBACK, port)) == 0


def choose(avoid: Collection[int]) -> int:
    """Choose a free port, at random so that stacks started at the same moment do not want the same ones.

    Raises:
        StackError: No free port was found.
    """
    for _ in range(ATTEMPTS):
        port = random.randint(FIRST_PORT, LAST_PORT)  # noqa: S311 - a port number is no secret
        if port not in avoid and is_free(port):
            return port
    raise StackError(f"expected a free port between {FIRST_PORT} and {LAST_PORT} on {LOOPBACK}, found none")
