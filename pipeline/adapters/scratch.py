"""Where work in progress lies on this machine: a private folder that may be emptied whenever nothing runs.

Every process has a part of it to itself, and holds a lock on that part for as long as it lives. What a killed one left
behind is held by nobody, and is removed by the next that comes: the folder does not grow with kills.

Long work that is half done outlives its process: it lies in a folder of its own, by name, for the next that does the
same. What nobody comes back to is removed after some days.
"""

import fcntl
import os
import shutil
import tempfile
import time
import weakref
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock

from pipeline.domain.digest import Sha256
from pipeline.errors import SettingsError

_MODE = 0o700
_PART = "firsthand-"
"""What the name of a part begins with."""
_UNFINISHED = "unfinished-"
"""What the name of a folder of half-done work begins with. Nothing else in the folder is ours to remove."""
UNFINISHED_MAX_S = 3 * 24 * 3600
"""How long half-done work is kept after something was last added: a machine may be off over a weekend."""


class Scratch:
    """A private working folder. Safe to share between threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = Lock()
        self._own: Path | None = None

    @property
    def own(self) -> Path:
        """This process's part of the folder, made when it is first asked for.

        Raises:
            SettingsError: the folder cannot be made.
        """
        with self._lock:
            if self._own is None or not self._own.exists():
                self._own = self._take()
            return self._own

    def file_for(self, digest: Sha256) -> Path:
        """Where bytes of this digest lie when they are here.

        Raises:
            SettingsError: the folder cannot be made.
        """
        return self.own / "fetched" / digest.hex

    def beside(self, digest: Sha256) -> Path:
        """The folder of what was found out about these bytes and is only of use on this machine; made by who fills it.

        Raises:
            SettingsError: the folder cannot be made.
        """
        return self.own / "beside" / digest.hex

    def drop(self, digest: Sha256) -> None:
        """Forget bytes that were fetched, and what lies beside them. Safe to repeat."""
        self.file_for(digest).unlink(missing_ok=True)
        shutil.rmtree(self.beside(digest), ignore_errors=True)

    def unfinished(self, name: str) -> Path:
        """Where the finished parts of long work of this name lie until all of it is done; made by who fills it.

        Processes share it: the name must say of what and by what everything in it is made.
        """
        return self.root / f"{_UNFINISHED}{name}"

    def finish(self, name: str) -> None:
        """Remove what was kept of long work, for it is done. Safe to repeat."""
        shutil.rmtree(self.unfinished(name), ignore_errors=True)

    @contextmanager
    def folder(self) -> Iterator[Path]:
        """An empty folder that is removed, with what is in it, when the block ends."""
        path = Path(tempfile.mkdtemp(dir=self.own / "work"))
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)

    def _take(self) -> Path:
        """Make a part that is ours, and remove those whose process is gone."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=_MODE)
            # Nobody sweeps between the making of a part and the locking of it.
            with _held(self.root):
                self._sweep()
                own = Path(tempfile.mkdtemp(dir=self.root, prefix=_PART))
                for name in ("fetched", "beside", "work"):
                    (own / name).mkdir(mode=_MODE)
                descriptor = os.open(own, os.O_RDONLY | os.O_DIRECTORY)
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                weakref.finalize(self, _leave, own, descriptor)
        except OSError as exc:
            raise SettingsError(f"FIRSTHAND_SCRATCH_DIR cannot be used: {exc.strerror}: {self.root}") from exc
        return own

    def _sweep(self) -> None:
        for path in self.root.glob(f"{_PART}*"):
            # One that cannot be locked is somebody's who is alive, or another user's.
            with suppress(OSError), _held(path, wait=False):
                shutil.rmtree(path, ignore_errors=True)
        for path in self.root.glob(f"{_UNFINISHED}*"):
            with suppress(OSError):
                if path.stat().st_mtime < time.time() - UNFINISHED_MAX_S:
                    shutil.rmtree(path, ignore_errors=True)


def _leave(own: Path, descriptor: int) -> None:
    """What a process does that ends in order."""
    shutil.rmtree(own, ignore_errors=True)
    os.close(descriptor)


@contextmanager
def _held(path: Path, *, wait: bool = True) -> Iterator[None]:
    """Hold the lock of a file or folder; the kernel frees it when its holder is gone, however it went."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        yield
    finally:
        os.close(descriptor)
