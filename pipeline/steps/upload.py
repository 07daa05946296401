"""Send local files to the intake bucket, each once, and go on where a killed run stopped.

Rules kept here:

* The digest comes first and is part of the key: the same bytes, under any name and in any run, are one object.
* A folder is walked in order, without following links. Hidden and unfinished `.part` files, links, and what computers
  and cameras keep for themselves stay behind, and are told.
* Footage goes first, then what belongs to it. What a name says (`pipeline.domain.file_name`) travels along.
* A fault of one file is that file's result, and the others are sent; a fault of the store or of the settings is
  everybody's, and ends the run. What was sent by then stays sent.
* An empty file is footage too: it is sent, and quarantined on arrival with a reason.

No records are written here: an upload begins to exist when `receive` notices it.
"""

import os
import stat
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import CancelledError, ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Lock
from typing import Literal

import structlog

from pipeline.adapters.object_store import ObjectStore, Sent
from pipeline.domain import keys
from pipeline.domain.card import CardSummary, summarise
from pipeline.domain.claim import UploadClaim
from pipeline.domain.companion import dcf_folder, name_group
from pipeline.domain.digest import Sha256
from pipeline.domain.file_name import NamedFile, NamingTable
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.errors import CustodyError, DigestMismatchError, UsageError

log = structlog.get_logger()

MEDIA_TYPE = "application/octet-stream"
"""Nobody has looked inside yet; what a file's name says of it is not evidence."""

UploadOutcome = Literal["sent", "present", "resumed", "failed", "left behind"]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file to send, as it was when the plan was made."""

    path: Path
    size_bytes: int
    named: NamedFile
    """What its name says."""

    @property
    def folder(self) -> str:
        """The folder that a camera put it in, if it lies in one."""
        return dcf_folder(self.path.absolute().parent.parts)


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What would be sent, footage first."""

    files: tuple[LocalFile, ...]
    left_behind: tuple[Path, ...] = ()
    """What would not be sent; a folder stands for all that is in it."""

    @property
    def summary(self) -> CardSummary:
        """How many of what there is."""
        return summarise(((file.folder, file.named) for file in self.files), left_behind=len(self.left_behind))

    @property
    def total_bytes(self) -> int:
        """The sum of the sizes: what progress counts up to."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True, slots=True)
class FileResult:
    """What became of one file."""

    path: Path
    size_bytes: int
    outcome: UploadOutcome
    digest: Sha256 | None = None
    key: str | None = None
    sent_bytes: int = 0
    """What went over the wire."""
    problem: str | None = None
    """Why it failed."""
    kind: str = "footage"
    """Else what it is to footage, or `ignored`."""


def plan_upload(paths: Iterable[Path], naming: NamingTable) -> UploadPlan:
    """Find the files that these paths mean: themselves, or everything below them, each file once.

    Raises:
        UsageError: a path does not exist, is neither file nor folder, cannot be read, or holds nothing to send.
    """
    found: dict[Path, LocalFile] = {}
    walk = _Walk(naming)
    for path in paths:
        files = walk.files_of(path)
        if not files:
            raise UsageError(f"{path} holds no file to send (hidden files, links and .part files are passed over)")
        for file in files:
            found.setdefault(file.path.resolve(), file)
    files = sorted(found.values(), key=lambda file: file.named.companion_kind is not None)
    return UploadPlan(tuple(files), tuple(dict.fromkeys(walk.left_behind)))


def send_upload(
    plan: UploadPlan,
    *,
    exercise: ExerciseId | None,
    camera: CameraSerial,
    bucket: str,
    store: ObjectStore,
    jobs: int,
    clock: Callable[[], datetime],
    progress: Callable[[int], None] | None = None,
    ended: Callable[[FileResult], None] | None = None,
) -> list[FileResult]:
    """Send every file of a plan, several at once.

    Safe to repeat after a kill at any moment: what is there is not sent again, down to the parts of one file.

    Args:
        plan: the files.
        exercise: the exercise that was filmed; `None` leaves it to camera and day.
        camera: the camera that filmed it.
        bucket: the intake bucket.
        store: the object store.
        jobs: files under way at once.
        clock: what time this machine says it is.
        progress: told of bytes that are in the store; from any thread.
        ended: told what became of each file, as soon as that is known.

    Returns:
        One result for each file, in the order of the plan, and then one for each that was left behind.

    Raises:
        SettingsError: the bucket does not exist.
        AccessDeniedError: the store refused the credentials.
        StoreUnavailableError: the store does not answer.
    """
    store.check(bucket)
    sender = _Sender(
        exercise=exercise, camera=camera, bucket=bucket, store=store, clock=clock, tell=progress or (lambda _: None)
    )
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="upload")
    try:
        futures = {pool.submit(sender.send, file): at for at, file in enumerate(plan.files)}
        results: dict[int, FileResult] = {}
        for done in as_completed(futures):
            results[futures[done]] = done.result()
            if ended is not None:
                ended(done.result())
    finally:
        sender.stop.set()
        pool.shutdown(cancel_futures=True)
    left_behind = [FileResult(path, 0, "left behind", kind="ignored") for path in plan.left_behind]
    return [results[at] for at in sorted(results)] + left_behind


@dataclass(slots=True, kw_only=True)
class _Sender:
    """Sends files of one exercise and camera; shared by all threads of a run."""

    exercise: ExerciseId | None
    camera: CameraSerial
    bucket: str
    store: ObjectStore
    clock: Callable[[], datetime]
    tell: Callable[[int], None]
    stop: Event = field(default_factory=Event)
    """Set when the run is over: whoever is still sending gives up at the next part."""
    _lock: Lock = field(default_factory=Lock)
    _turns: dict[str, Lock] = field(default_factory=dict)

    def send(self, file: LocalFile) -> FileResult:
        digest: Sha256 | None = None
        key: str | None = None
        try:
            digest = _digest_of(file.path)
            key = self._key_of(file, digest)
            # The same bytes twice in one run: the second waits, and then finds them there.
            with self._turn_of(key):
                sent = self._send_as(key, file, digest)
        except (UsageError, CustodyError, OSError) as exc:
            problem = f"{file.path} cannot be read: {exc.strerror}" if isinstance(exc, OSError) else str(exc)
            log.warning("upload_failed", digest=str(digest), error_kind=type(exc).__name__)
            return FileResult(
                file.path, file.size_bytes, "failed", digest=digest, key=key, problem=problem, kind=file.named.kind
            )
        log.info("upload_sent", digest=digest.hex, outcome=sent.outcome, sent_bytes=sent.sent_bytes)
        return FileResult(
            file.path,
            sent.stored.size_bytes,
            sent.outcome,
            digest=digest,
            key=key,
            sent_bytes=sent.sent_bytes,
            kind=file.named.kind,
        )

    def _key_of(self, file: LocalFile, digest: Sha256) -> str:
        if file.named.companion_kind is None:
            return keys.upload_key(self.exercise, self.camera, digest)
        group = name_group(self.exercise, self.camera, file.folder, file.named.base)
        return keys.companion_key(self.exercise, self.camera, digest, group)

    def _send_as(self, key: str, file: LocalFile, digest: Sha256) -> Sent:
        status = file.path.stat()
        claim = UploadClaim(
            original_name=file.path.name,
            size_bytes=status.st_size,
            modified_at=datetime.fromtimestamp(status.st_mtime, UTC),
            sent_at=self.clock(),
            companion_kind=file.named.companion_kind,
            base_name=file.named.base,
            folder=file.folder,
        )
        named = {"camera": self.camera} | ({"exercise": self.exercise} if self.exercise is not None else {})
        try:
            return self.store.send_once(
                self.bucket,
                key,
                file.path,
                digest=digest,
                media_type=MEDIA_TYPE,
                metadata={**claim.to_metadata(), **named},
                progress=self._advance,
            )
        except DigestMismatchError as exc:
            found = _digest_of(file.path)
            if found == digest:
                raise
            raise UsageError(
                f"{file.path} changed while it was sent: SHA-256 {digest} before, {found} now; nothing was stored. "
                "Send it again when nothing writes to it"
            ) from exc

    def _advance(self, more_bytes: int) -> None:
        if self.stop.is_set():
            raise CancelledError
        self.tell(more_bytes)

    def _turn_of(self, key: str) -> Lock:
        with self._lock:
            return self._turns.setdefault(key, Lock())


def _digest_of(path: Path) -> Sha256:
    with path.open("rb") as stream:
        return Sha256.of_stream(stream)


class _Walk:
    """Finds files below paths, and remembers what it passed over."""

    def __init__(self, naming: NamingTable) -> None:
        self._naming = naming
        self.left_behind: list[Path] = []

    def files_of(self, path: Path) -> Sequence[LocalFile]:
        try:
            status = path.stat()
            if stat.S_ISREG(status.st_mode):
                return [LocalFile(path, status.st_size, self._named(path.name))]  # asked for by name: always sent
            if stat.S_ISDIR(status.st_mode):
                return self._files_below(path)
        except OSError as exc:
            raise UsageError(f"{exc.filename or path} cannot be read: {exc.strerror}") from exc
        raise UsageError(f"{path} is neither a file nor a folder")

    def _files_below(self, folder: Path) -> list[LocalFile]:
        found: list[LocalFile] = []
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                path = Path(entry.path)
                if entry.name.startswith("."):
                    self.left_behind.append(path)
                elif entry.is_dir(follow_symlinks=False):
                    found += self._files_below(path)
                elif self._is_sent(entry):
                    size_bytes = entry.stat(follow_symlinks=False).st_size
                    found.append(LocalFile(path, size_bytes, self._named(entry.name)))
                else:
                    self.left_behind.append(path)
        return found

    def _is_sent(self, entry: os.DirEntry[str]) -> bool:
        return (
            entry.is_file(follow_symlinks=False)
            and not entry.name.endswith(".part")
            and self._naming.read(entry.name).kind != "ignored"
        )

    def _named(self, name: str) -> NamedFile:
        said = self._naming.read(name)
        return replace(said, kind="footage") if said.kind == "ignored" else said
