"""Bring the bytes of one thing to this machine, verified."""

from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from pipeline.adapters.object_store import ObjectStore, Progress
from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId, EncodingId, RecordingId, ReleaseId, RenditionId, UploadId
from pipeline.errors import UsageError
from pipeline.lookup.naming import Ref, resolve
from pipeline.records import Database, Session, byproducts, clips, encodings, facts, footage, releases

_SUFFIXES = {
    ByproductKind.SOUND: ".wav",
    ByproductKind.THUMBNAILS: ".jpg",
    ByproductKind.CONTACT_SHEET: ".jpg",
    ByproductKind.MEASURES: ".json",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A thing whose bytes are now in a file here."""

    ref: Ref
    path: Path
    digest: Sha256
    size_bytes: int


def get(
    text: str,
    target: Path,
    *,
    series: bool = False,
    beside: ByproductKind | None = None,
    db: Database,
    store: ObjectStore,
    progress: Progress,
) -> list[Fetched]:
    """Fetch the bytes of the thing that a text names, into a file or a folder, and check their digest.

    A recording of several chapters is several files, in order, and needs a folder. With `series`, every sample of the
    telemetry of a recording or an original is fetched instead; with `beside`, what came out beside the rendition of a
    recording. Safe to repeat; a file appears only when it is whole and right.

    Raises:
        UsageError: the name names nothing, or a thing without bytes; or the file cannot be written.
        DigestMismatchError: the store holds other bytes than were recorded; no file was left.
        StoreUnavailableError: S3 did not answer; no file was left.
    """
    ref = resolve(db, text)
    stored = _beside(db, ref, beside) if beside else _stored_series(db, ref) if series else _stored(db, ref)
    if len(stored) > 1 and not target.is_dir():
        raise UsageError(
            f"{ref.kind} {ref.thing_id} is {len(stored)} files: expected a folder that exists, found {target}"
        )
    return [
        _fetch(ref, one, target / f"{ref.thing_id}{one.suffix}" if target.is_dir() else target, store, progress)
        for one in stored
    ]


@dataclass(frozen=True, slots=True)
class _Stored:
    """One object of a thing, and how the name of its file ends."""

    at: Location
    digest: Sha256 | None
    suffix: str


def _fetch(ref: Ref, stored: _Stored, path: Path, store: ObjectStore, progress: Progress) -> Fetched:
    if not path.parent.is_dir():
        raise UsageError(f"the folder {path.parent} does not exist")
    at = stored.at
    try:
        found = store.fetch(at.bucket, at.key, path, version_id=at.version_id, expect=stored.digest, progress=progress)
        return Fetched(ref, path, found, path.stat().st_size)
    except OSError as exc:
        raise UsageError(f"{path} cannot be written: {exc.strerror}") from exc


def _stored(db: Database, ref: Ref) -> list[_Stored]:
    with db.begin() as session:
        if ref.kind == "recording":
            recording = footage.get_recording(session, RecordingId(UUID(ref.thing_id)))
            originals = [footage.get_original(session, digest) for digest in recording.originals]
            suffixes = [f"-{number:03}" for number in range(1, len(originals) + 1)] if len(originals) > 1 else [""]
            return [_Stored(one.at, one.digest, suffix) for one, suffix in zip(originals, suffixes, strict=True)]
        return [_Stored(*_location(session, ref))]


def _beside(db: Database, ref: Ref, kind: ByproductKind) -> list[_Stored]:
    with db.begin() as session:
        if ref.kind == "recording":
            renditions = footage.all_renditions(session, RecordingId(UUID(ref.thing_id)))[-1:]
        elif ref.kind == "rendition":
            renditions = [footage.get_rendition(session, RenditionId(UUID(ref.thing_id)))]
        else:
            raise UsageError(f"expected a recording or a rendition, which have a {kind} beside, found a {ref.kind}")
        found = [
            one
            for rendition in renditions
            for one in byproducts.byproducts_of(session, rendition.rendition_id)
            if one.kind is kind
        ]
    if not found:
        raise UsageError(f"{ref.kind} {ref.thing_id} has no {kind}: it was not rendered yet, or has no such stream")
    numbered = len(found) > 1
    return [
        _Stored(one.at, one.digest, f"-{one.ordinal:03}{_SUFFIXES[kind]}" if numbered else _SUFFIXES[kind])
        for one in found
    ]


def _stored_series(db: Database, ref: Ref) -> list[_Stored]:
    if ref.kind not in {"recording", "original"}:
        raise UsageError(f"only recordings and originals have series of samples, found the {ref.kind} {ref.thing_id}")
    with db.begin() as session:
        originals = (
            footage.get_recording(session, RecordingId(UUID(ref.thing_id))).originals
            if ref.kind == "recording"
            else (Sha256(ref.thing_id),)
        )
        found = [facts.find_series(session, digest) for digest in originals]
    stored = [
        _Stored(one.at, one.digest, f"{f'-{number:03}' if len(found) > 1 else ''}.jsonl.gz")
        for number, one in enumerate(found, start=1)
        if one is not None
    ]
    if not stored:
        raise UsageError(f"{ref.kind} {ref.thing_id} has no telemetry: there are no samples to fetch")
    return stored


def _location(session: Session, ref: Ref) -> tuple[Location, Sha256 | None, str]:
    if ref.kind == "original":
        original = footage.get_original(session, Sha256(ref.thing_id))
        return original.at, original.digest, ""
    if ref.kind == "upload":
        upload = footage.get_upload(session, UploadId(UUID(ref.thing_id)))
        return upload.at, footage.content_of(session, upload.upload_id), ""
    if ref.kind == "rendition":
        rendition = footage.get_rendition(session, RenditionId(UUID(ref.thing_id)))
        return rendition.at, rendition.digest, ".mp4"
    if ref.kind == "clip":
        made = clips.rendition_of_clip(session, ClipId(UUID(ref.thing_id)))
        return made.at, made.digest, ".mp4"
    if ref.kind == "encoding":
        encoding = encodings.get_encoding(session, EncodingId(UUID(ref.thing_id)))
        return encoding.at, encoding.digest, ".mp4"
    if ref.kind == "release":
        release_id = ReleaseId(UUID(ref.thing_id))
        seal = releases.find_seal(session, release_id)
        published = releases.find_publication(session, release_id)
        if seal is None or published is None:
            raise UsageError(f"release {ref.thing_id} is not published: it has no bytes to fetch")
        return published.at, seal.manifest_digest, ".json"
    raise UsageError(f"a thing of kind {ref.kind} has no bytes: `firsthand show {ref.thing_id}` explains it")
