"""One ffmpeg for each test, with a scratch folder that must be empty again when the test ends."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.adapters.ffmpeg import Ffmpeg, Limits


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """Where children work; nothing may be left in it."""
    folder = tmp_path / "scratch"
    yield folder
    assert [path for path in folder.rglob("*") if path.is_file() or path.parent.name == "ffmpeg"] == []


@pytest.fixture
def media(scratch: Path) -> Ffmpeg:
    """Ffmpeg with the limits that we ship."""
    return Ffmpeg(limits=Limits(), scratch=scratch)
