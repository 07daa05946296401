"""What does a partner have in a folder, and which of it was checked and not touched since?

    DEST/blobs/sha256/ab/<sha256>.mp4     clips, shared by all releases
    DEST/<name>/<version>/                release.json, files.parquet, tables, and PULLED.json when it is complete
    DEST/.firsthand/                      a lock, and the index of what was checked

The index remembers size and time of change of a file whose digest was right. It only saves reading: it may be deleted
at any time, and a file that is not in it is read again. `verify` never relies on it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import IO, Final, Self

from pipeline.domain.digest import Sha256
from pipeline.domain.keys import MANIFEST_PATH, ReleaseName, release_name
from pipeline.domain.version import Version
from pipeline.errors import UsageError

OWN_FOLDER: Final = ".firsthand"
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS verified (path TEXT PRIMARY KEY, sha256 TEXT NOT NULL, size_bytes INTEGER NOT NULL, "
    "mtime_ns INTEGER NOT NULL) WITHOUT ROWID"
)


class Holdings:
    """A partner's folder, held by one process at a time; safe to share between threads."""

    def __init__(self, root: Path, index: sqlite3.Connection) -> None:
        self.root = root
        self._index = index
        self._lock = Lock()

    @classmethod
    @contextmanager
    def opened(cls, root: Path) -> Iterator[Self]:
        """Hold a folder; it must exist. A folder that cannot be written to can be held too, and read.

        Raises:
            UsageError: another process holds it.
        """
        with _locked(root):
            index = _open_index(root)
            try:
                yield cls(root, index)
            finally:
                index.close()

    def blob_path(self, digest: Sha256) -> Path:
        """Where the bytes of a clip lie, or will."""
        return self.root / "blobs" / "sha256" / digest.hex[:2] / f"{digest}.mp4"

    def release_folder(self, name: ReleaseName, version: Version) -> Path:
        """Where the tables of a release lie, or will."""
        return self.root / name / str(version)

    def releases(self) -> list[tuple[ReleaseName, Version]]:
        """The releases that were begun here, complete or not."""
        found: list[tuple[ReleaseName, Version]] = []
        for manifest in self.root.glob(f"*/*/{MANIFEST_PATH}"):
            with suppress(UsageError):  # somebody else's folder
                found.append((release_name(manifest.parts[-3]), Version.parse(manifest.parts[-2])))
        return sorted(found)

    def was_verified(self, path: Path, digest: Sha256) -> bool:
        """Whether a file had this digest when it was last read, and has not been touched since."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        with self._lock:
            row = self._index.execute(
                "SELECT sha256, size_bytes, mtime_ns FROM verified WHERE path = ?", (self._name(path),)
            ).fetchone()
        return bool(row == (digest.hex, status.st_size, status.st_mtime_ns))

    def note_verified(self, path: Path, digest: Sha256) -> None:
        """Remember that a file has this digest."""
        status = path.stat()
        with self._lock:
            self._index.execute(
                "INSERT OR REPLACE INTO verified VALUES (?, ?, ?, ?)",
                (self._name(path), digest.hex, status.st_size, status.st_mtime_ns),
            )

    def forget(self, path: Path) -> None:
        """No longer take a file for good, so that the next pull reads it."""
        with self._lock:
            self._index.execute("DELETE FROM verified WHERE path = ?", (self._name(path),))

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def write_whole(path: Path, content: bytes) -> None:
    """Put a small file in its place, all of it or nothing, so that it survives a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    with part.open("wb") as out:
        out.write(content)
        out.flush()
        os.fsync(out.fileno())
    part.replace(path)


@contextmanager
def _locked(root: Path) -> Iterator[None]:
    own = root / OWN_FOLDER
    handle: IO[str] | None = None
    with suppress(OSError):  # a medium that cannot be written to needs no lock
        own.mkdir(exist_ok=True)
        handle = (own / "lock").open("w")
    if handle is None:
        yield
        return
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise UsageError(f"another pull or verify is at work in {root}: wait for it, or end it") from exc
        except OSError:
            pass  # a file system without locks
        yield


def _open_index(root: Path) -> sqlite3.Connection:
    path = root / OWN_FOLDER / "verified.sqlite"
    for _ in range(2):
        index = None
        try:
            index = _connect(path)
            if index.execute("PRAGMA quick_check").fetchone() == ("ok",):
                return index
        except sqlite3.DatabaseError:
            pass  # damaged, or on a medium that cannot be written to
        if index is not None:
            index.close()
        with suppress(OSError):
            path.unlink()
    return _connect(":memory:")


def _connect(path: Path | str) -> sqlite3.Connection:
    index = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        # It only saves reading, so it need not survive a power cut; a kill it does survive.
        index.execute("PRAGMA synchronous = OFF")
        index.execute(_TABLE)
    except sqlite3.DatabaseError:
        index.close()
        raise
    return index
