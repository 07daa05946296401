"""A child ended: by itself, by a limit, or by somebody outside?"""

import re
import signal

_SHELL_SIGNAL_BASE = 128

LIMIT_SIGNALS = {signal.SIGXCPU: "CPU time", signal.SIGXFSZ: "output"}
"""What the kernel sends where a limit of ours is met."""

OUTSIDE_SIGNALS = {signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT}
"""What no program sends itself for what it read."""

NOT_STARTED = re.compile(
    r"^(?:setpriv|guard|prlimit|bwrap|setsid): |: error while loading shared libraries: ", re.MULTILINE
)
"""The words of whatever stands between us and the program: then the input was never looked at."""


def signal_of(returncode: int) -> signal.Signals | None:
    """The signal that ended a child, told by the kernel (negative) or by bubblewrap, as shells do (above 128)."""
    number = -returncode if returncode < 0 else returncode - _SHELL_SIGNAL_BASE
    return signal.Signals(number) if number in set(signal.Signals) else None
