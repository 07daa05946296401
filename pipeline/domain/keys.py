"""Where does each object lie in the store? The only place where a key is spelled.

Rules kept here:

* A part of a key is a digest, an id of ours, or a name that has passed its pattern: nothing a person typed freely, no
  file name of a user, no `..`.
* Under a key that holds a digest there are only ever the bytes with that digest.
* A release is one folder that is written once; the clips it names lie outside it, shared by all versions. The tier in a
  clip's key is the border of what a partner may read: one prefix can be granted, a list of digests cannot.

    intake       uploads/<exercise>/<camera>/<sha256>
                 uploads/_/<camera>/<sha256>                    of an exercise that the sender does not know
                 uploads/<exercise>/<camera>/<sha256>/<group>   what belongs to footage, not footage itself
                 dock/<container>/<object>                      what a docking station sent
    originals    originals/sha256/ab/<sha256>
    working      renditions/<recording>/<rendition>/<sha256>.mp4
                 clips/<rendition>/<clip>/<sha256>.mp4
                 clips/pictures/<sha256>.<suffix>               what annotators are shown with a definition
                 byproducts/<rendition>/<kind>/<number>/<sha256>
                 series/<sha256 of the original>/<sha256>.jsonl.gz
                 encodings/<clip>/<encoding>/<sha256>.mp4
                 sealed/<release>/<sha256>
    releases     blobs/<tier>/sha256/ab/<sha256>.mp4
                 <name>/releases/<version>/release.json, files.parquet, tables/*.parquet
"""

import re
from dataclasses import dataclass
from typing import Final, NewType
from uuid import UUID

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import (
    CameraSerial,
    ClipId,
    EncodingId,
    ExerciseId,
    RecordingId,
    ReleaseId,
    RenditionId,
    derive,
)
from pipeline.domain.version import Version
from pipeline.errors import UsageError

ReleaseName = NewType("ReleaseName", str)
Tier = NewType("Tier", str)

UPLOADS_PREFIX: Final = "uploads/"
DOCK_PREFIX: Final = "dock/"
"""What cameras send by themselves, while it arrives and after: `firsthand dock` alone decides when it is an upload."""
MANIFEST_PATH: Final = "release.json"
"""The manifest of a release, in its folder; it is written last."""
FILES_PATH: Final = "files.parquet"
"""The list of all clip files of a release."""
RECEIPT_PATH: Final = "PULLED.json"
"""Never in the store: what a pull writes last into a partner's copy of a release's folder."""

_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_RELEASE_PATH = re.compile(r"(?:[a-z0-9][a-z0-9_-]*/){0,3}[A-Za-z0-9][A-Za-z0-9_-]*(?:\.[a-z0-9]+)+")
_UPLOAD_KEY_PARTS = (4, 5)
_NO_EXERCISE = "_"
"""No exercise can be called so."""
_RESERVED_NAMES = frozenset({"blobs", "tuf"})
"""First parts of a key in the releases bucket that are not a release's name."""


@dataclass(frozen=True, slots=True)
class UploadKey:
    """What the key of an upload says about it."""

    exercise_id: ExerciseId | None
    """`None` where the sender does not know it: then camera and day tell (`assignment`)."""
    camera_serial: CameraSerial
    digest: Sha256
    group: UUID | None = None
    """What a companion belongs to; `None` for footage."""


def exercise_id(text: str) -> ExerciseId:
    """Accept an exercise id: 1 to 64 letters, digits, `.`, `_`, `-`, beginning with a letter or digit.

    Raises:
        UsageError: it is not one.
    """
    return ExerciseId(_label(text, "an exercise id"))


def camera_serial(text: str) -> CameraSerial:
    """Accept a camera serial: the same letters as an exercise id.

    Raises:
        UsageError: it is not one.
    """
    return CameraSerial(_label(text, "a camera serial"))


def release_name(text: str) -> ReleaseName:
    """Accept a release name: 1 to 63 lower-case letters, digits and `-`; it becomes a folder on partners' disks.

    Raises:
        UsageError: it is not one, or it is a word that the layout keeps for itself.
    """
    if not _NAME.fullmatch(text) or text in _RESERVED_NAMES:
        raise UsageError(
            "expected a release name of 1 to 63 lower-case letters, digits and '-', beginning with a letter or digit "
            f"and other than {', '.join(sorted(_RESERVED_NAMES))}; found {text[:80]!r}"
        )
    return ReleaseName(text)


def tier(text: str) -> Tier:
    """Accept a tier: the same letters as a release name.

    Raises:
        UsageError: it is not one.
    """
    if not _NAME.fullmatch(text):
        raise UsageError(f"expected a tier of 1 to 63 lower-case letters, digits and '-', found {text[:80]!r}")
    return Tier(text)


def upload_key(exercise: ExerciseId | None, camera: CameraSerial, digest: Sha256) -> str:
    """Where an upload goes in the intake bucket; without an exercise it will wait for one.

    Raises:
        UsageError: the exercise or the camera cannot be part of a key.
    """
    named = _NO_EXERCISE if exercise is None else exercise_id(exercise)
    return f"{UPLOADS_PREFIX}{named}/{camera_serial(camera)}/{digest}"


def companion_key(exercise: ExerciseId | None, camera: CameraSerial, digest: Sha256, group: UUID) -> str:
    """Where a companion of footage goes in the intake bucket.

    The group is part of it, because companions of several recordings may be the same bytes: black thumbnails are.

    Raises:
        UsageError: the exercise or the camera cannot be part of a key.
    """
    return f"{upload_key(exercise, camera, digest)}/{group}"


def parse_upload_key(key: str) -> UploadKey | None:
    """What the key of an object in the intake bucket says.

    Returns:
        `None` when it is not a key of ours, as when an agency dropped a file in by hand.
    """
    parts = key.split("/")
    if len(parts) not in _UPLOAD_KEY_PARTS or f"{parts[0]}/" != UPLOADS_PREFIX:
        return None
    try:
        exercise = None if parts[1] == _NO_EXERCISE else exercise_id(parts[1])
        group = UUID(parts[4]) if len(parts) > _UPLOAD_KEY_PARTS[0] else None
        found = UploadKey(exercise, camera_serial(parts[2]), Sha256(parts[3]), group)
    except (UsageError, ValueError):
        return None
    # A UUID has several spellings; ours is one.
    return found if group is None or str(group) == parts[4] else None


def dock_key(container: str, name: str) -> str:
    """Where an object that a docking station sent lies in the intake bucket: under ids made of its names."""
    return f"{DOCK_PREFIX}{derive('dock-container', container)}/{derive('dock-object', container, name)}"


def original_key(digest: Sha256) -> str:
    """Where preserved bytes lie in the originals bucket."""
    return f"originals/{_fanned(digest)}"


def rendition_key(recording_id: RecordingId, rendition_id: RenditionId, digest: Sha256) -> str:
    """Where a rendition lies in the working bucket; its id says by which recipe and which tool it was made."""
    return f"renditions/{recording_id}/{rendition_id}/{digest}.mp4"


def clip_key(rendition_id: RenditionId, clip_id: ClipId, digest: Sha256) -> str:
    """Where the bytes of a clip, cut from one rendition, lie in the working bucket."""
    return f"clips/{rendition_id}/{clip_id}/{digest}.mp4"


def picture_key(digest: Sha256, suffix: str) -> str:
    """A picture of a taxonomy, in the working bucket, below the one prefix that annotators' browsers may read."""
    return f"clips/pictures/{digest}.{suffix}"


def byproduct_key(rendition_id: RenditionId, kind: str, ordinal: int, digest: Sha256) -> str:
    """Where a by-product of a rendition lies in the working bucket."""
    return f"byproducts/{rendition_id}/{kind}/{ordinal}/{digest}"


def series_key(original: Sha256, digest: Sha256) -> str:
    """Where all samples of an original's telemetry lie in the working bucket."""
    return f"series/{original}/{digest}.jsonl.gz"


def encoding_key(clip_id: ClipId, encoding_id: EncodingId, digest: Sha256) -> str:
    """Where what a recipe made of a clip lies in the working bucket: nobody who labels can read it there."""
    return f"encodings/{clip_id}/{encoding_id}/{digest}.mp4"


def sealed_key(release_id: ReleaseId, digest: Sha256) -> str:
    """Where a table or document of a sealed release waits in the working bucket until it is published."""
    return f"sealed/{release_id}/{digest}"


def blob_key(of_tier: Tier, digest: Sha256) -> str:
    """Where the bytes of a released clip lie in the releases bucket.

    Raises:
        UsageError: the tier cannot be part of a key.
    """
    return f"blobs/{tier(of_tier)}/{_fanned(digest)}.mp4"


def release_path(text: str) -> str:
    """Accept the path of a file inside a release's folder: at most three folders deep, no `..`, no hidden names.

    A manifest that arrives from outside names files with this; what passes can be joined to a local folder.

    Raises:
        UsageError: it is not such a path.
    """
    if not _RELEASE_PATH.fullmatch(text) or len(text) > 200:  # noqa: PLR2004  # far above any name of ours
        raise UsageError(f"expected a plain relative path such as tables/clips.parquet, found {text[:80]!r}")
    return text


def release_key(name: ReleaseName, version: Version, path: str) -> str:
    """Where one file of a release lies in the releases bucket.

    Raises:
        UsageError: the name or the path cannot be part of a key.
    """
    return f"{release_name(name)}/releases/{version}/{release_path(path)}"


def _fanned(digest: Sha256) -> str:
    return f"sha256/{digest.hex[:2]}/{digest}"


def _label(text: str, what: str) -> str:
    if not _LABEL.fullmatch(text) or ".." in text or text.endswith("."):
        raise UsageError(
            f"expected {what} of 1 to 64 letters, digits, '.', '_' or '-', beginning with a letter or digit "
            f"and without '..' or a final '.'; found {text[:80]!r}"
        )
    return text
