"""What is footage, at each stage from the intake bucket to a clip?

Values only: they are what `pipeline.records` gives back and what the steps decide on.
"""

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.companion import CompanionKind
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, ClipId, ExerciseId, RecordingId, RenditionId, UploadId, derive
from pipeline.domain.joining import Join
from pipeline.domain.media import MediaFacts
from pipeline.domain.timeline import Span

SMALL_BYTES = 4 << 20
"""Footage up to this size is preserved with others before work on any begins, and fetched again for that: what one more
look costs is nothing beside the work. Longer footage is read from the file that preserving it left."""


@dataclass(frozen=True, slots=True)
class Location:
    """One version of one object in the store; the version is what makes it immutable."""

    bucket: str
    key: str
    version_id: str


@dataclass(frozen=True, slots=True)
class Upload:
    """What a camera or agency put in the intake bucket; untrusted."""

    upload_id: UploadId
    at: Location
    etag: str
    size_bytes: int
    exercise_id: ExerciseId | None
    """`None` while it waits for an exercise that its camera and day fit (`assignment`)."""
    camera_serial: CameraSerial | None
    original_name: str | None
    claimed_digest: Sha256 | None
    received_at: datetime
    chapter: ChapterPlace | None = None
    """Which part of a long recording it is, where its sender's naming tells."""
    claimed_start_at: datetime | None = None
    """When it was recorded, as its sender says: its start where that was told, else when the file was last written."""
    companion_kind: CompanionKind | None = None
    """What it is to the footage it belongs to; `None` for footage. A companion becomes no recording."""
    name_group: UUID | None = None
    """What it and its companions have in common: see `pipeline.domain.companion.name_group`."""
    name_pattern: str | None = None
    """The naming convention that its name follows."""
    named_start: str | None = None
    """When recording began, as its name says: ISO 8601, mostly without an offset."""

    @staticmethod
    def id_for(at: Location) -> UploadId:
        """The id of the upload that is this object version."""
        return UploadId(derive("upload", at.bucket, at.key, at.version_id))


@dataclass(frozen=True, slots=True)
class Original:
    """Byte-exact preserved footage, named by its digest; never changed."""

    digest: Sha256
    at: Location
    size_bytes: int
    preserved_at: datetime


@dataclass(frozen=True, slots=True)
class Chapter:
    """One file of a recording, and its place on the recording's timeline."""

    digest: Sha256
    facts: MediaFacts
    """Of this file alone, on its own timeline."""
    start_frame: int
    """The frame of the recording that is its first."""
    join: Join | None
    """How it follows the chapter before; `None` for the first."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One press-record-to-stop of one camera; its timeline begins at its first video frame.

    Of several files (chapters) the timeline is that of their frames, one file after the other: `joining`.
    """

    recording_id: RecordingId
    exercise_id: ExerciseId
    camera_serial: CameraSerial
    originals: tuple[Sha256, ...]
    facts: MediaFacts
    """Of one file, what it says; of several, of all together."""
    duration_s: Fraction
    frame_rate: Fraction
    tool_identity: str
    probed_at: datetime

    @staticmethod
    def id_for(originals: tuple[Sha256, ...]) -> RecordingId:
        """The id of the recording that these originals, in this order, are."""
        return RecordingId(derive("recording", *originals))


@dataclass(frozen=True, slots=True)
class Rendition:
    """A derived encoding of a recording made by a recipe."""

    rendition_id: RenditionId
    recording_id: RecordingId
    recipe_name: str
    recipe_digest: Sha256
    tool_identity: str
    digest: Sha256
    at: Location
    size_bytes: int
    frame_count: int
    width_px: int
    height_px: int
    cut_frames: tuple[int, ...]
    """Frames, counted from 0, at which a clip begins; each is a keyframe. The first is 0."""
    cut_reason: str
    rendered_at: datetime

    @staticmethod
    def id_for(recording_id: RecordingId, recipe_digest: Sha256, tool_identity: str) -> RenditionId:
        """The id of what this tool makes of a recording by a recipe."""
        return RenditionId(derive("rendition", recording_id, recipe_digest, tool_identity))


@dataclass(frozen=True, slots=True)
class Clip:
    """A span of a recording, the unit of annotation and release; its id outlives every re-encode."""

    clip_id: ClipId
    recording_id: RecordingId
    ordinal: int
    span: Span
    cut_at: datetime

    @staticmethod
    def id_for(recording_id: RecordingId, span: Span) -> ClipId:
        """The id of this span of a recording."""
        return ClipId(derive("clip", recording_id, span.start_s, span.end_s))


@dataclass(frozen=True, slots=True)
class ClipRendition:
    """The bytes of a clip, cut from one rendition of its recording."""

    clip_id: ClipId
    rendition_id: RenditionId
    digest: Sha256
    at: Location
    size_bytes: int
    frame_count: int
