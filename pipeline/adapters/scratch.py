"""Where work in progress lies on this machine: a private folder that may be emptied at any time.

Files that were fetched are named by their digest and appear only when whole, so a killed run leaves something that
the next one can use, or nothing.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.domain.digest import Sha256
from pipeline.errors import SettingsError


class Scratch:
    """A private working folder."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def file_for(self, digest: Sha256) -> Path:
        """Where bytes of this digest lie when they are here.

        Raises:
            SettingsError: the folder cannot be made.
        """
        self._make(self.root / "fetched")
        return self.root / "fetched" / digest.hex

    def drop(self, digest: Sha256) -> None:
        """Forget bytes that were fetched. Safe to repeat."""
        (self.root / "fetched" / digest.hex).unlink(missing_ok=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder that is removed, with what is in it, when the block ends."""
        self._make(self.root / "work")
        path = Path(tempfile.mkdtemp(dir=self.root / "work"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _make(self, path: Path) -> None:
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as exc:
            raise SettingsError(f"FIRSTHAND_SCRATCH_DIR cannot be used: {exc.strerror}: {path}") from exc
