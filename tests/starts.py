"""Counts the ffmpegs that this process starts: what was done again is told by what was started, not by a clock."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch


@contextmanager
def ffmpegs_started() -> Iterator[list[list[str]]]:
    """The command of each, as it is started; those that tell a version or look at a container are none."""
    commands: list[list[str]] = []
    start = subprocess.Popen.__init__

    def watched_start(self: Any, argv: list[str], **options: Any) -> None:
        start(self, argv, **options)
        if any(word.endswith("/ffmpeg") for word in argv) and "-i" in argv:
            commands.append(argv)

    with patch.object(subprocess.Popen, "__init__", watched_start):
        yield commands
