"""What exactly did each person say of the clips on which they do not agree?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.desk import SHARED
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import ClipLabels
from pipeline.lookup.labelling_lines import DisputedLine
from pipeline.records import Database, annotations, clips, softened


@dataclass(frozen=True, slots=True)
class Dispute:
    """A clip, and what each person says of it."""

    clip_id: ClipId
    recording_id: RecordingId
    duration_s: Fraction
    frame_count: int
    shown_at: Location
    """The bytes that pictures are taken of: of a distressing clip the softened ones, once they are made."""
    shown_digest: Sha256
    said: tuple[tuple[str, ClipLabels], ...]
    """By pseudonym, in its order."""
    reasons: tuple[str, ...]
    url: str


def disputes_in_full(db: Database, lines: Sequence[DisputedLine], *, taxonomy_digest: Sha256) -> list[Dispute]:
    """Everything about these disputed clips that a person wants to see, in the same order."""
    found = []
    with db.begin() as session:
        soft = {(one.clip_id, one.clip_digest): one for one in softened.all_softened(session)}
        for line in lines:
            clip = clips.get_clip(session, ClipId(line.clip_id))
            newest = {
                answer.annotator: answer.labels
                for answer in annotations.answers_for(session, clip.clip_id)
                if answer.taxonomy_digest == taxonomy_digest and answer.desk in {SHARED, answer.annotator}
            }
            made = clips.rendition_of_clip(session, clip.clip_id)
            shown = soft.get((clip.clip_id, made.digest), made)
            found.append(
                Dispute(
                    clip_id=clip.clip_id,
                    recording_id=clip.recording_id,
                    duration_s=clip.span.duration_s,
                    frame_count=made.frame_count,
                    shown_at=shown.at,
                    shown_digest=shown.digest,
                    said=tuple((who, labels) for who, labels in sorted(newest.items()) if labels is not None),
                    reasons=line.reasons,
                    url=line.url,
                )
            )
    return found


def picture_strips(
    disputes: Sequence[Dispute],
    *,
    pictures: int,
    height_px: int,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    progress: Callable[[int], None],
) -> dict[ClipId, bytes]:
    """A JPEG for each clip: pictures of it side by side, evenly spaced. Nothing of it stays on this machine.

    Raises:
        MissingObjectError, DigestMismatchError: a clip is not in the store as it was recorded.
        StoreUnavailableError: S3 did not answer.
        DamagedMediaError: a clip does not decode.
    """
    strips = {}
    for number, dispute in enumerate(disputes, 1):
        with scratch.folder() as folder:
            clip, strip, at = folder / "clip", folder / "strip.jpg", dispute.shown_at
            store.fetch(at.bucket, at.key, clip, version_id=at.version_id, expect=dispute.shown_digest)
            media.strip(clip, dispute.frame_count, pictures=pictures, height_px=height_px, target=strip)
            strips[dispute.clip_id] = strip.read_bytes()
        progress(number)
    return strips
