"""Resets the stack of a test session when that session is gone: `python -m tests.stack_watchdog HOME TOOLS PROJECT`."""

import signal
import sys
from pathlib import Path

from infra.local import Stack


def main() -> None:
    # Ctrl-C in the terminal is for pytest, which then closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.stdin.read()
    home, tools, project = (Path(argument) for argument in sys.argv[1:])
    Stack(home, tools, project).reset(lambda _: None)


if __name__ == "__main__":
    main()
