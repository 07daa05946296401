"""Tells on standard error what is being done and for how long already: the table goes to standard output."""

import sys
import time

_BEGAN_S = time.monotonic()


def say(words: str) -> None:
    """One line."""
    minutes, seconds = divmod(int(time.monotonic() - _BEGAN_S), 60)
    sys.stderr.write(f"{minutes:3d}:{seconds:02d}  {words}\n")
    sys.stderr.flush()
