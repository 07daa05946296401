"""Names the files of the real footage, so that a test can be run once for each of them."""

import os
from pathlib import Path

import pytest

_FOLDER = Path(os.environ.get("FIRSTHAND_FOOTAGE") or Path(__file__).parents[2] / "shared" / "footage")


def each(kind: str) -> list[object]:
    """Parameters: every file of `stills` or `video`; a single one that skips where there is no footage here."""
    found = sorted(path for path in (_FOLDER / kind).glob("*") if path.is_file())
    if found:
        return [pytest.param(path, id=path.name) for path in found]
    reason = f"no real footage here: expected it in {_FOLDER / kind}; FIRSTHAND_FOOTAGE names another folder"
    return [pytest.param(_FOLDER, id="none", marks=pytest.mark.skip(reason=reason))]
