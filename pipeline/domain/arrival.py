"""Which upload is an object of the intake bucket, and is there a reason to refuse it?

What is said of an object comes from its key, its metadata, its name and, for a drop, from its source and a manifest.
Nothing is guessed: an object of which two things were said that cannot both be true is registered and refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from pipeline.domain import keys
from pipeline.domain.claim import UploadClaim
from pipeline.domain.companion import dcf_folder, name_group
from pipeline.domain.digest import Sha256
from pipeline.domain.drop import Announced, Place, source_of
from pipeline.domain.file_name import NamedFile
from pipeline.domain.footage import Location, Upload
from pipeline.domain.ids import CameraSerial
from pipeline.domain.intake_rules import IntakeRules
from pipeline.errors import ClaimMismatchError, RejectedInputError, UsageError


@dataclass(frozen=True, slots=True)
class Arrival:
    """One version of an object in the intake bucket."""

    at: Location
    size_bytes: int
    etag: str
    digest: Sha256 | None
    """What its writer recorded."""
    metadata: Mapping[str, str]


def upload_of(
    arrival: Arrival, rules: IntakeRules, announced: Announced, *, received_at: datetime
) -> tuple[Upload, RejectedInputError | None]:
    """The upload that an object is, and why it is refused when what was said of it cannot be."""
    named = keys.parse_upload_key(arrival.at.key)
    claim = UploadClaim.from_metadata(arrival.metadata)
    place, misplaced = _place_of(arrival.at.key, named, rules)
    said = rules.naming.read(claim.original_name or place.name)
    camera = place.camera_serial or _camera_of(said, announced)
    base, folder = claim.base_name or said.base, claim.folder or dcf_folder(place.folders)
    digest = named.digest if named else arrival.digest or announced.digest
    upload = Upload(
        upload_id=Upload.id_for(arrival.at),
        at=arrival.at,
        etag=arrival.etag,
        size_bytes=arrival.size_bytes,
        exercise_id=place.exercise_id,
        camera_serial=camera,
        original_name=claim.original_name or (None if named else UploadClaim.name_of(place.name)),
        claimed_digest=digest,
        received_at=received_at,
        chapter=said.chapter,
        claimed_start_at=claim.started_at or announced.started_at or said.started_about or claim.modified_at,
        companion_kind=claim.companion_kind or said.companion_kind,
        name_group=name_group(place.exercise_id, camera, folder, base) if camera else None,
        name_pattern=said.pattern_id,
        named_start=said.started_at,
    )
    return upload, misplaced or _refusal(arrival, upload, said, claim, announced)


def _place_of(key: str, named: keys.UploadKey | None, rules: IntakeRules) -> tuple[Place, RejectedInputError | None]:
    *folders, name = key.split("/")
    if named is not None:
        return Place(named.exercise_id, named.camera_serial, tuple(folders), name), None
    nobody = Place(None, None, tuple(folders), name)
    source = source_of(rules.sources, key)
    if source is None:
        return nobody, RejectedInputError("its key names no camera and no source: send footage with `firsthand upload`")
    try:
        return source.place_of(key), None
    except UsageError as exc:
        return nobody, RejectedInputError(f"source {source.source_id}: {exc}")


def _camera_of(said: NamedFile, announced: Announced) -> CameraSerial | None:
    for text in (said.camera, announced.camera):
        try:
            if text is not None:
                return keys.camera_serial(text)
        except UsageError:
            continue
    return None


def _refusal(
    arrival: Arrival, upload: Upload, said: NamedFile, claim: UploadClaim, announced: Announced
) -> RejectedInputError | None:
    if said.kind == "ignored":
        return RejectedInputError(f"its name says what computers and cameras keep for themselves ({said.pattern_id})")
    if upload.camera_serial is None:
        return RejectedInputError("neither its source, its name nor a manifest names its camera")
    if arrival.digest not in {None, upload.claimed_digest}:
        return ClaimMismatchError(
            f"expected SHA-256 {upload.claimed_digest}, as in its key, found {arrival.digest} beside it"
        )
    if announced.digest not in {None, upload.claimed_digest}:
        return ClaimMismatchError(
            f"expected SHA-256 {announced.digest}, as its manifest says, found {upload.claimed_digest} beside it"
        )
    for size_bytes in (claim.size_bytes, announced.size_bytes):
        if size_bytes not in {None, arrival.size_bytes}:
            return ClaimMismatchError(f"expected the announced {size_bytes} bytes, found {arrival.size_bytes}")
    return None
