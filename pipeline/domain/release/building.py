"""Which rows does a release hold for one clip?"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Self

from pipeline.domain import keys
from pipeline.domain.agreement.decided import Decided
from pipeline.domain.clip_recipe import RECIPES, ClipRecipe
from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import Encoding
from pipeline.domain.encoding_plan import ClipSource
from pipeline.domain.footage import Clip, ClipRendition, Recording, Rendition
from pipeline.domain.ids import RecordingId
from pipeline.domain.keys import Tier
from pipeline.domain.labels import ClipLabels
from pipeline.domain.plain import to_plain
from pipeline.domain.release.history import History
from pipeline.domain.release.rows import (
    ReleaseBlob,
    ReleaseChoice,
    ReleaseClip,
    ReleaseSegment,
    ReleaseVariant,
    group_id,
    microseconds,
    source_id,
)
from pipeline.domain.transform import Homography, PictureMap, TimeMap, Transform

TIER = Tier("standard")
"""The only tier there is until partners have grants of different width."""


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """One file of a clip: what a recipe made of it, or what people looked at."""

    asked: str
    rendition: str
    because: str | None
    recipe_version: int | None
    recipe_digest: Sha256
    made_from: str | None
    digest: Sha256
    size_bytes: int
    frame_count: int
    frame_rate: Fraction
    width_px: int
    height_px: int
    video_codec: str
    audio_codec: str | None
    transform: Transform

    @classmethod
    def of_encoding(cls, asked: str, made: Encoding, because: str | None) -> Self:
        """What a recipe made."""
        recipe = RECIPES.get(made.recipe_name)
        return cls(
            asked=asked,
            rendition=made.recipe_name,
            because=because,
            recipe_version=made.recipe_version,
            recipe_digest=made.recipe_digest,
            made_from=recipe.made_from if isinstance(recipe, ClipRecipe) else None,
            digest=made.digest,
            size_bytes=made.size_bytes,
            frame_count=made.frame_count,
            frame_rate=made.frame_rate,
            width_px=made.width_px,
            height_px=made.height_px,
            video_codec=made.video_codec,
            audio_codec=made.audio_codec,
            transform=made.transform,
        )

    @classmethod
    def of_viewing(cls, clip: Clip, made: ClipRendition, rendition: Rendition, recording: Recording) -> Self:
        """What people looked at when they labelled."""
        source = ClipSource.of(recording.facts, made.frame_count)
        wide = Fraction(rendition.width_px, source.width_px)
        high = Fraction(rendition.height_px, source.height_px)
        picture = PictureMap(
            source.width_px, source.height_px, rendition.width_px, rendition.height_px, Homography.scaling(wide, high)
        )
        return cls(
            asked=rendition.recipe_name,
            rendition=rendition.recipe_name,
            because=None,
            recipe_version=None,
            recipe_digest=rendition.recipe_digest,
            made_from=None,
            digest=made.digest,
            size_bytes=made.size_bytes,
            frame_count=made.frame_count,
            frame_rate=recording.frame_rate,
            width_px=rendition.width_px,
            height_px=rendition.height_px,
            video_codec="h264",
            audio_codec="aac",
            transform=Transform(TimeMap.unchanged(clip.span.duration_s), picture),
        )


@dataclass(frozen=True, slots=True)
class Chosen:
    """Everything that a release knows of one of its clips."""

    clip: Clip
    recording: Recording
    files: tuple[ChosenFile, ...]
    """In the order that was asked for: the first is the clip's own."""
    group: RecordingId
    """The recording of the same group that our records have known longest."""
    labels: tuple[ClipLabels, ...]
    """One for each annotator, in an order that says nothing about who they are."""
    history: History
    decided: Decided = field(default_factory=Decided)
    """What counts."""


@dataclass(frozen=True, slots=True)
class ClipRows:
    """The rows of one clip, for each table of a release."""

    blobs: tuple[ReleaseBlob, ...]
    """One for each file, however often it was asked for."""
    clip: ReleaseClip
    variants: tuple[ReleaseVariant, ...]
    segments: tuple[ReleaseSegment, ...]
    choices: tuple[ReleaseChoice, ...]


def rows_of(chosen: Chosen, *, taxonomy_version: str) -> ClipRows:
    """The rows that say everything partners may know of one clip, and nothing that names a person or a camera."""
    return ClipRows(
        blobs=tuple({file.rendition: _blob(chosen.clip, file) for file in chosen.files}.values()),
        clip=_clip(chosen),
        variants=tuple(_variant(chosen.clip, file) for file in chosen.files),
        segments=_decided_segments(chosen, taxonomy_version) + _segments(chosen.clip, chosen.labels, taxonomy_version),
        choices=_choices(chosen, taxonomy_version),
    )


def _blob(clip: Clip, file: ChosenFile) -> ReleaseBlob:
    return ReleaseBlob(
        clip_id=clip.clip_id,
        blob_key=keys.blob_key(TIER, file.digest),
        sha256=file.digest,
        bytes=file.size_bytes,
        media_type="video/mp4",
        rendition=file.rendition,
        tier=TIER,
    )


def _variant(clip: Clip, file: ChosenFile) -> ReleaseVariant:
    return ReleaseVariant(
        clip_id=clip.clip_id,
        asked=file.asked,
        rendition=file.rendition,
        because=file.because,
        recipe_version=file.recipe_version,
        recipe_sha256=file.recipe_digest,
        made_from=file.made_from,
        media_sha256=file.digest,
        duration_us=microseconds(file.transform.time.duration_s),
        fps_num=file.frame_rate.numerator,
        fps_den=file.frame_rate.denominator,
        frame_count=file.frame_count,
        width=file.width_px,
        height=file.height_px,
        vcodec=file.video_codec,
        acodec=file.audio_codec,
        transform=json.dumps(to_plain(file.transform), sort_keys=True, separators=(",", ":")),
        tier=TIER,
    )


def _clip(chosen: Chosen) -> ReleaseClip:
    clip, recording, own = chosen.clip, chosen.recording, chosen.files[0]
    return ReleaseClip(
        clip_id=clip.clip_id,
        source_id=source_id(recording.recording_id),
        group_id=group_id(chosen.group),
        media_sha256=own.digest,
        media_bytes=own.size_bytes,
        rendition=own.rendition,
        duration_us=microseconds(own.transform.time.duration_s),
        fps_num=own.frame_rate.numerator,
        fps_den=own.frame_rate.denominator,
        frame_count=own.frame_count,
        width=own.width_px,
        height=own.height_px,
        vcodec=own.video_codec,
        acodec=own.audio_codec,
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


def _decided_segments(chosen: Chosen, taxonomy_version: str) -> tuple[ReleaseSegment, ...]:
    return tuple(
        ReleaseSegment.of(
            chosen.clip.clip_id,
            event.kind,
            event.span,
            taxonomy_version=taxonomy_version,
            annotation_no=0,
            n_annotators=len(chosen.labels),
            decided=event,
        )
        for event in chosen.decided.events
    )


def _choices(chosen: Chosen, taxonomy_version: str) -> tuple[ReleaseChoice, ...]:
    given = [chosen.decided.choices, *(said.choices for said in chosen.labels)]
    return tuple(
        ReleaseChoice(
            clip_id=chosen.clip.clip_id,
            question=choice.question,
            answer=choice.answer,
            taxonomy_version=taxonomy_version,
            annotation_no=number,
            n_annotators=len(chosen.labels),
            source="human",
        )
        for number, choices in enumerate(given)
        for choice in choices
    )
