"""Bring a release into a local folder, complete and checked.

Rules kept here:

* Everything is checked against the manifest, down to the last byte, while it arrives; nothing wrong ever stands under
  its final name.
* What is there already is not fetched again: whole files by their digest, a broken one from its last byte on. Clips
  are shared between releases, so a newer version costs only what is new.
* One bad file does not keep the others away; it is named at the end, and then there is no receipt.
* The manifest itself is as trustworthy as the way its digest reached you: compare the one that is printed with the one
  that you were told.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.release import Manifest
from pipeline.domain.version import Version
from pipeline.errors import CustodyError, DigestMismatchError, FirsthandError, MissingObjectError, UsageError
from pipeline.partner.gather import Gatherer, Progress, Wanted, digest_of
from pipeline.partner.holdings import Holdings, write_whole
from pipeline.partner.listing import read_blobs
from pipeline.partner.receipt import Receipt
from pipeline.partner.source import ReleaseSource, StoreCredentials

MANIFEST_LIMIT_BYTES: Final = 16 << 20
"""A manifest lists tables, not clips; a real one has a few kilobytes."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did."""

    receipt: Receipt
    folder: Path
    """Where the tables are; the clips lie beside it, in `blobs`."""
    fetched_files: int
    """Tables and clips that were not here before."""
    fetched_bytes: int


def pull(
    source: str,
    version: str,
    dest: Path,
    *,
    credentials: StoreCredentials,
    jobs: int = 8,
    full: bool = False,
    expect_manifest: Sha256 | None = None,
    progress: Progress | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Pulled:
    """Pull one release.

    Safe to repeat after a kill at any moment; when everything is there and was checked before, nothing is changed.

    Args:
        source: `s3://BUCKET/NAME`.
        version: such as `1.2.0`.
        dest: a folder; it is made if need be, and may hold several releases.
        credentials: need to read the bucket, nothing else.
        jobs: files under way at once.
        full: read again what was checked before and was not touched since.
        expect_manifest: the digest of the manifest, when you were told it.
        progress: told of bytes that are there and checked.
        clock: what time it is, for the receipt.

    Raises:
        UsageError: no such release; or the folder cannot be used, is in use, or its disk is too small.
        DigestMismatchError: bytes are not those that the release says, or the release is not the one expected or
            pulled before; nothing wrong is left under its final name.
        CustodyError: the release contradicts itself, or lacks objects; what is good was pulled.
        SettingsError, AccessDeniedError: the bucket or the credentials are wrong.
        StoreUnavailableError: the store stopped answering; run it again, it goes on where it was.
    """
    asked, numbered = ReleaseSource.parse(source), Version.parse(version)
    store = credentials.open_store(connections=jobs + 2)
    try:
        dest.mkdir(parents=True, exist_ok=True)
        with Holdings.opened(dest) as holdings:
            gatherer = Gatherer(
                store=store,
                bucket=asked.bucket,
                holdings=holdings,
                jobs=jobs,
                full=full,
                tell=progress or (lambda _done, _total: None),
            )
            content = _read_manifest(store, asked, numbered)
            manifest = _checked(content, asked, numbered, holdings, expect_manifest)
            return _gather(manifest, content, gatherer, clock)
    except OSError as exc:
        raise UsageError(f"{exc.filename or dest} cannot be used: {exc.strerror}") from exc


def _read_manifest(store: ObjectStore, asked: ReleaseSource, version: Version) -> bytes:
    key = keys.release_key(asked.name, version, keys.MANIFEST_PATH)
    try:
        return store.read(asked.bucket, key, limit_bytes=MANIFEST_LIMIT_BYTES)
    except MissingObjectError as exc:
        raise UsageError(f"{asked} has no release {version}; there are: {_versions(store, asked)}") from exc


def _versions(store: ObjectStore, asked: ReleaseSource) -> str:
    found: list[Version] = []
    with suppress(FirsthandError):  # many partners may read, but not list
        for listed in store.list(asked.bucket, f"{asked.name}/releases/"):
            parts = listed.key.split("/")
            if parts[-1] == keys.MANIFEST_PATH:
                found.append(Version.parse(parts[-2]))
    return ", ".join(str(version) for version in sorted(found)) or "none that these credentials can see"


def _checked(
    content: bytes, asked: ReleaseSource, version: Version, holdings: Holdings, expected: Sha256 | None
) -> Manifest:
    """The manifest, if it is the one that was asked for, told, and pulled before."""
    digest = Sha256.of(content)
    if expected is not None and digest != expected:
        raise DigestMismatchError(
            f"{asked} {version}: expected a manifest with SHA-256 {expected}, found {digest}; nothing was pulled"
        )
    manifest = Manifest.parse(content)
    if (manifest.name, manifest.version) != (asked.name, version):
        raise CustodyError(f"{asked} {version}: its manifest says that it is {manifest.name} {manifest.version}")
    before = Receipt.find(holdings.release_folder(asked.name, version))
    if before is not None and before.manifest_digest != digest:
        raise DigestMismatchError(
            f"{asked} {version} was pulled here with the manifest {before.manifest_digest}, and the store now shows "
            f"{digest}: a release never changes, ask whoever publishes it"
        )
    return manifest


def _gather(manifest: Manifest, content: bytes, gatherer: Gatherer, clock: Callable[[], datetime]) -> Pulled:
    folder = gatherer.holdings.release_folder(manifest.name, manifest.version)
    receipt = Receipt.find(folder)
    tables = [
        Wanted(
            folder / file.path,
            keys.release_key(manifest.name, manifest.version, file.path),
            file.digest,
            file.size_bytes,
        )
        for file in manifest.files
    ]
    complete = receipt is not None and digest_of(folder / keys.MANIFEST_PATH) == receipt.manifest_digest
    missing = gatherer.missing_of(tables)
    if missing or not complete:
        _begin(folder, content)
        gatherer.fetch(missing)
    blobs = [
        Wanted(gatherer.holdings.blob_path(blob.digest), blob.key, blob.digest, blob.size_bytes)
        for blob in read_blobs(folder / keys.FILES_PATH)
    ]
    missing_blobs = gatherer.missing_of(blobs)
    if missing_blobs:
        _begin(folder, content)
        gatherer.fetch(missing_blobs)
    if receipt is None or not complete or missing or missing_blobs:
        receipt = Receipt(
            name=manifest.name,
            version=manifest.version,
            manifest_digest=Sha256.of(content),
            files=len(tables),
            blobs=len(blobs),
            size_bytes=sum(file.size_bytes for file in tables + blobs),
            pulled_at=clock(),
        )
        receipt.write(folder)
    return Pulled(receipt, folder, gatherer.fetched_files, gatherer.fetched_bytes)


def _begin(folder: Path, content: bytes) -> None:
    """From here until the end the release is not complete, and its folder says so."""
    (folder / keys.RECEIPT_PATH).unlink(missing_ok=True)
    write_whole(folder / keys.MANIFEST_PATH, content)
