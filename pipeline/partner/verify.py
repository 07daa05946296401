"""Is everything in a partner's folder still what the releases say, byte for byte?

Every file is read again; nothing is taken on trust but the digest of each manifest in its receipt, which is the number
to compare with the one you were told. What is found wrong is forgotten by the index, so that the next pull mends it.
"""

from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.keys import ReleaseName
from pipeline.domain.release import Manifest
from pipeline.domain.version import Version
from pipeline.errors import CustodyError, FirsthandError, UsageError
from pipeline.partner.gather import Progress, digest_of
from pipeline.partner.holdings import Holdings
from pipeline.partner.listing import read_blobs
from pipeline.partner.receipt import Receipt

FaultKind = Literal["incomplete", "altered", "missing", "unreadable"]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as a release says."""

    kind: FaultKind
    path: Path
    explanation: str


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification read, and what it found."""

    releases: tuple[tuple[ReleaseName, Version, Sha256], ...]
    """Each release with the digest of the manifest that is here."""
    files: int
    size_bytes: int
    faults: tuple[Fault, ...]

    def require_intact(self) -> None:
        """Make a fault an error.

        Raises:
            CustodyError: there is at least one; the message tells how many and the first.
        """
        if self.faults:
            first = self.faults[0]
            raise CustodyError(
                f"{len(self.faults)} faults in {self.files} files; the first: {first.kind}, {first.path}: "
                f"{first.explanation}. `firsthand pull` of the same release mends it"
            )


def verify(dest: Path, *, jobs: int = 2, progress: Progress | None = None) -> Verified:
    """Read everything in a folder that `pull` filled. Needs no network. Safe to repeat.

    Args:
        dest: the folder.
        jobs: files read at once.
        progress: told of bytes that were read, and how many there are to read.

    Raises:
        UsageError: the folder holds no release, cannot be read, or is in use.
    """
    try:
        if not dest.is_dir():
            raise UsageError(f"{dest} is not a folder")
        with Holdings.opened(dest) as holdings:
            found = holdings.releases()
            if not found:
                raise UsageError(f"{dest} holds no release: it is filled by `firsthand pull s3://… --version X {dest}`")
            return _verify(holdings, found, jobs, progress or (lambda _done, _total: None))
    except OSError as exc:
        raise UsageError(f"{exc.filename or dest} cannot be read: {exc.strerror}") from exc


def _verify(holdings: Holdings, found: list[tuple[ReleaseName, Version]], jobs: int, tell: Progress) -> Verified:
    faults: list[Fault] = []
    releases: list[tuple[ReleaseName, Version, Sha256]] = []
    expected: dict[Path, tuple[Sha256, int]] = {}
    for name, version in found:
        folder = holdings.release_folder(name, version)
        content = (folder / keys.MANIFEST_PATH).read_bytes()
        releases.append((name, version, Sha256.of(content)))
        faults += _receipt_faults(folder, Sha256.of(content))
        try:
            manifest = Manifest.parse(content)
        except FirsthandError as exc:
            faults.append(Fault("unreadable", folder / keys.MANIFEST_PATH, str(exc)))
            continue
        expected |= {folder / file.path: (file.digest, file.size_bytes) for file in manifest.files}
        try:
            blobs = read_blobs(folder / keys.FILES_PATH)
        except CustodyError as exc:
            faults.append(Fault("unreadable", folder / keys.FILES_PATH, str(exc)))
            continue
        expected |= {holdings.blob_path(blob.digest): (blob.digest, blob.size_bytes) for blob in blobs}
    faults += _read_all(holdings, expected, jobs, tell)
    size_bytes = sum(size for _, size in expected.values())
    faults.sort(key=lambda fault: (fault.path, fault.kind))
    return Verified(tuple(releases), len(expected) + len(found), size_bytes, tuple(faults))


def _receipt_faults(folder: Path, manifest_digest: Sha256) -> list[Fault]:
    receipt = Receipt.find(folder)
    if receipt is None:
        return [Fault("incomplete", folder, f"no readable {keys.RECEIPT_PATH}: the pull of this release did not end")]
    if receipt.manifest_digest != manifest_digest:
        explanation = f"expected SHA-256 {receipt.manifest_digest}, found {manifest_digest}"
        return [Fault("altered", folder / keys.MANIFEST_PATH, explanation)]
    return []


def _read_all(holdings: Holdings, expected: dict[Path, tuple[Sha256, int]], jobs: int, tell: Progress) -> list[Fault]:
    total_bytes = sum(size for _, size in expected.values())
    done_bytes = 0
    faults: list[Fault] = []
    tell(0, total_bytes)
    with ThreadPoolExecutor(jobs, thread_name_prefix="verify") as pool:
        futures = {pool.submit(digest_of, path): (path, *said) for path, said in expected.items()}
        for future in as_completed(futures):
            path, digest, size_bytes = futures[future]
            found = future.result()
            if found == digest:
                holdings.note_verified(path, digest)
            else:
                holdings.forget(path)
                kind: FaultKind = "missing" if found is None else "altered"
                faults.append(Fault(kind, path, f"expected SHA-256 {digest}, found {found or 'no file'}"))
            done_bytes += size_bytes
            tell(done_bytes, total_bytes)
    return faults
