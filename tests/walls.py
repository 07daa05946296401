"""A machine without bubblewrap, as many containers are."""

from pathlib import Path

import pytest

from pipeline.adapters.sandbox import find_program


def hide_bubblewrap(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put every program that the engine starts on a PATH of its own, all but bubblewrap."""
    folder.mkdir()
    for name in ("ffmpeg", "ffprobe", "setpriv", "prlimit", "cat"):
        (folder / name).symlink_to(find_program(name))
    monkeypatch.setenv("PATH", str(folder))
