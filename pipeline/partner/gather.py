"""How do all files of a release come to be in a folder, several at a time?"""

import shutil
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Lock
from typing import Final

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import AccessDeniedError, CustodyError, UsageError
from pipeline.partner.holdings import Holdings

SPARE_BYTES: Final = 64 << 20
"""Left free on the disk, for everybody else on it."""

Progress = Callable[[int, int], None]
"""Told how many bytes are there and checked, and how many there will be; from any thread, one at a time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file that must be here, where it lies in the store, and what it must be."""

    path: Path
    key: str
    digest: Sha256
    size_bytes: int


@dataclass(slots=True, kw_only=True)
class Gatherer:
    """Brings files from one bucket into one folder."""

    store: ObjectStore
    bucket: str
    holdings: Holdings
    jobs: int
    full: bool
    """Read again what the index says was checked."""
    tell: Progress
    total_bytes: int = 0
    fetched_files: int = 0
    fetched_bytes: int = 0
    _done_bytes: int = 0
    _stop: Event = field(default_factory=Event)
    """Set when the pull is over: whoever is still fetching gives up."""
    _lock: Lock = field(default_factory=Lock)

    def missing_of(self, wanted: Iterable[Wanted]) -> list[Wanted]:
        """The files that are not here, or not as they must be; what is here is told as progress."""
        files = list(wanted)
        with self._lock:
            self.total_bytes += sum(file.size_bytes for file in files)
        return [file for file, here in zip(files, self._each(self._is_here, files), strict=True) if here is not True]

    def fetch(self, missing: Sequence[Wanted]) -> None:
        """Bring files here. Those that are wrong or missing in the store do not keep the others away.

        Raises:
            DigestMismatchError, MissingObjectError, CustodyError, AccessDeniedError: some are not as they must be; the
                message tells how many, and all others are here.
            StoreUnavailableError: the store stopped answering; what is here stays, broken files in `.part`.
            UsageError: the disk is too small.
        """
        need_bytes = sum(file.size_bytes for file in missing)
        free_bytes = shutil.disk_usage(self.holdings.root).free
        if missing and need_bytes + SPARE_BYTES > free_bytes:
            raise UsageError(f"{self.holdings.root} has {free_bytes} bytes free, {need_bytes} are still to come")
        faults = [fault for fault in self._each(self._fetch_one, missing) if isinstance(fault, Exception)]
        if faults:
            raise type(faults[0])(
                f"{len(faults)} of {len(missing)} files could not be pulled, the others were; the first: {faults[0]}"
            ) from faults[0]

    def _each(
        self, work: Callable[[Wanted], bool], files: Sequence[Wanted]
    ) -> "list[bool | CustodyError | AccessDeniedError]":
        """Do the work for every file; a fault of one file is its result, any other fault ends it for all."""
        results: dict[int, bool | CustodyError | AccessDeniedError] = {}
        pool = ThreadPoolExecutor(self.jobs, thread_name_prefix="pull")
        try:
            futures = {pool.submit(work, file): at for at, file in enumerate(files)}
            for done in as_completed(futures):
                try:
                    results[futures[done]] = done.result()
                except (CustodyError, AccessDeniedError) as fault:
                    results[futures[done]] = fault
        except BaseException:
            self._stop.set()
            raise
        finally:
            pool.shutdown(cancel_futures=True)
        return [results[at] for at in range(len(files))]

    def _is_here(self, file: Wanted) -> bool:
        if self.full or not self.holdings.was_verified(file.path, file.digest):
            if digest_of(file.path) != file.digest:
                self.holdings.forget(file.path)
                return False
            self.holdings.note_verified(file.path, file.digest)
        self._advance(file.size_bytes)
        return True

    def _fetch_one(self, file: Wanted) -> bool:
        file.path.unlink(missing_ok=True)
        self.store.fetch(self.bucket, file.key, file.path, expect=file.digest, resume=True, progress=self._advance)
        size_bytes = file.path.stat().st_size
        if size_bytes != file.size_bytes:
            file.path.unlink()
            raise CustodyError(f"{file.key}: the release says {file.size_bytes} bytes, found {size_bytes}")
        self.holdings.note_verified(file.path, file.digest)
        with self._lock:
            self.fetched_files += 1
            self.fetched_bytes += size_bytes
        return True

    def _advance(self, more_bytes: int) -> None:
        if self._stop.is_set():
            raise CancelledError
        with self._lock:
            self._done_bytes += more_bytes
            self.tell(self._done_bytes, self.total_bytes)


def digest_of(path: Path) -> Sha256 | None:
    """The digest of a local file; `None` when there is no such file."""
    try:
        with path.open("rb") as stream:
            return Sha256.of_stream(stream)
    except FileNotFoundError:
        return None
