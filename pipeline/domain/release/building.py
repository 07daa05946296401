"""Which rows does a release hold for one clip?"""

from collections.abc import Sequence
from dataclasses import dataclass

from pipeline.domain import keys
from pipeline.domain.footage import Clip, ClipRendition, Recording, Rendition
from pipeline.domain.ids import RecordingId
from pipeline.domain.keys import Tier
from pipeline.domain.labels import ClipLabels
from pipeline.domain.release.history import History
from pipeline.domain.release.rows import (
    ReleaseBlob,
    ReleaseChoice,
    ReleaseClip,
    ReleaseSegment,
    group_id,
    microseconds,
    source_id,
)

TIER = Tier("standard")
"""The only tier there is until partners have grants of different width."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """Everything that a release knows of one of its clips."""

    clip: Clip
    made: ClipRendition
    recording: Recording
    rendition: Rendition
    group: RecordingId
    """The recording of the same group that our records have known longest."""
    labels: tuple[ClipLabels, ...]
    """One for each annotator, in an order that says nothing about who they are."""
    history: History


@dataclass(frozen=True, slots=True)
class ClipRows:
    """The rows of one clip, for each table of a release."""

    blob: ReleaseBlob
    clip: ReleaseClip
    segments: tuple[ReleaseSegment, ...]
    choices: tuple[ReleaseChoice, ...]


def rows_of(chosen: Chosen, *, taxonomy_version: str) -> ClipRows:
    """The rows that say everything partners may know of one clip, and nothing that names a person or a camera."""
    return ClipRows(
        blob=_blob(chosen),
        clip=_clip(chosen),
        segments=_segments(chosen.clip, chosen.labels, taxonomy_version),
        choices=_choices(chosen.clip, chosen.labels, taxonomy_version),
    )


def _blob(chosen: Chosen) -> ReleaseBlob:
    return ReleaseBlob(
        clip_id=chosen.clip.clip_id,
        blob_key=keys.blob_key(TIER, chosen.made.digest),
        sha256=chosen.made.digest,
        bytes=chosen.made.size_bytes,
        media_type="video/mp4",
        rendition=chosen.rendition.recipe_name,
        tier=TIER,
    )


def _clip(chosen: Chosen) -> ReleaseClip:
    clip, recording = chosen.clip, chosen.recording
    return ReleaseClip(
        clip_id=clip.clip_id,
        source_id=source_id(recording.recording_id),
        group_id=group_id(chosen.group),
        media_sha256=chosen.made.digest,
        media_bytes=chosen.made.size_bytes,
        rendition=chosen.rendition.recipe_name,
        duration_us=microseconds(clip.span.duration_s),
        fps_num=recording.frame_rate.numerator,
        fps_den=recording.frame_rate.denominator,
        frame_count=chosen.made.frame_count,
        width=chosen.rendition.width_px,
        height=chosen.rendition.height_px,
        vcodec="h264",
        acodec="aac",
        has_audio=recording.facts.audio is not None,
        source_in_us=microseconds(clip.span.start_s),
        source_out_us=microseconds(clip.span.end_s),
        label_state="gold",
        n_annotators=len(chosen.labels),
        tier=TIER,
        added_in=chosen.history.added_in,
        changed_in=chosen.history.changed_in,
    )


def _segments(clip: Clip, labels: Sequence[ClipLabels], taxonomy_version: str) -> tuple[ReleaseSegment, ...]:
    return tuple(
        ReleaseSegment.of(
            clip.clip_id,
            event.kind,
            event.span,
            taxonomy_version=taxonomy_version,
            annotation_no=number,
            n_annotators=len(labels),
        )
        for number, said in enumerate(labels, start=1)
        for event in said.events
    )


def _choices(clip: Clip, labels: Sequence[ClipLabels], taxonomy_version: str) -> tuple[ReleaseChoice, ...]:
    return tuple(
        ReleaseChoice(
            clip_id=clip.clip_id,
            question=choice.question,
            answer=choice.answer,
            taxonomy_version=taxonomy_version,
            annotation_no=number,
            n_annotators=len(labels),
            source="human",
        )
        for number, said in enumerate(labels, start=1)
        for choice in said.choices
    )
