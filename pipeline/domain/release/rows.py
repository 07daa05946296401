"""What does a release say about each clip, each label and each answer?

One class for each table of a release, one field for each column, in the order of the columns; `adapters/parquet.py`
writes them. A column that a later release adds is nullable and comes last.

Rules kept here:

* Nothing that names a person, a camera, a file or a place: ids are ours and mean nothing outside.
* Time is counted from the presentation time of the clip's first frame, in whole microseconds (rounded to the nearest)
  and beside it exactly, as a fraction of seconds. The exact columns are the truth.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, Self
from uuid import UUID

from pipeline.domain.agreement.decided import DecidedEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId, derive
from pipeline.domain.keys import Tier
from pipeline.domain.timeline import Span
from pipeline.domain.version import Version

MICROSECONDS = 1_000_000

LabelState = Literal["gold", "silver", "unlabelled"]
"""gold: as many annotators as the release asks for; silver: fewer; unlabelled: none."""
LabelSource = Literal["human", "model_assisted"]


def microseconds(seconds: Fraction) -> int:
    """Exact seconds as the nearest whole microsecond, a half going to the even one."""
    return round(seconds * MICROSECONDS)


@dataclass(frozen=True, slots=True)
class ReleaseBlob:
    """files.parquet: the stored file of one clip; two clips with the same bytes share it."""

    clip_id: ClipId
    blob_key: str
    sha256: Sha256
    bytes: int
    media_type: str
    rendition: str
    tier: Tier


@dataclass(frozen=True, slots=True)
class ReleaseClip:
    """tables/clips.parquet: one clip."""

    clip_id: ClipId
    source_id: UUID
    """Stands for the recording the clip was cut from; see `source_id`."""
    group_id: UUID
    """Clips with the same group show the same event and must never be split between training and test."""
    media_sha256: Sha256
    media_bytes: int
    rendition: str
    duration_us: int
    fps_num: int
    fps_den: int
    frame_count: int
    width: int
    height: int
    vcodec: str
    acodec: str | None
    has_audio: bool
    source_in_us: int
    source_out_us: int
    label_state: LabelState
    n_annotators: int
    tier: Tier
    added_in: Version
    changed_in: Version


@dataclass(frozen=True, slots=True)
class ReleaseVariant:
    """tables/variants.parquet: one file of a clip, by which recipe it was made, and what was done to the clip."""

    clip_id: ClipId
    asked: str
    """What the release was to hold; where that was not possible, `rendition` is another, and `because` says why."""
    rendition: str
    because: str | None
    recipe_version: int | None
    """`None` for what people looked at."""
    recipe_sha256: Sha256
    made_from: str | None
    """The rendition that this is a variant of; `None`: the originals."""
    media_sha256: Sha256
    duration_us: int
    fps_num: int
    fps_den: int
    frame_count: int
    width: int
    height: int
    vcodec: str
    acodec: str | None
    transform: str
    """JSON: which moment and place of the clip is seen when and where; `pipeline.partner.transforms_of` reads it."""
    tier: Tier


@dataclass(frozen=True, slots=True)
class ReleaseSegment:
    """tables/segments.parquet: this kind of event, from here to there, by one annotator's word or as what counts."""

    segment_id: UUID
    clip_id: ClipId
    label: str
    taxonomy_version: str
    start_us: int
    end_us: int
    start_num: int
    start_den: int
    end_num: int
    end_den: int
    annotation_no: int
    """0 is what counts: an adjudicator's decision, else what people agree on. From 1 on, what each of them said; the
    same number in two clips does not mean the same annotator."""
    n_annotators: int
    source: LabelSource
    onset_lo_us: int | None = None
    """Between this and `onset_hi_us` the event begins, as far as people can tell: what a model may be asked to meet."""
    onset_hi_us: int | None = None
    adjudicated: bool | None = None
    agreement: float | None = None
    """Of the annotators, the share that marked it, from 0 to 1. These four are there for annotation 0 alone."""

    @classmethod
    def of(
        cls,
        clip_id: ClipId,
        label: str,
        span: Span,
        *,
        taxonomy_version: str,
        annotation_no: int,
        n_annotators: int,
        source: LabelSource = "human",
        decided: DecidedEvent | None = None,
    ) -> Self:
        """A segment at `span`, in seconds from the clip's first frame; the same parts give the same segment id."""
        return cls(
            segment_id=derive("segment", clip_id, label, span.start_s, span.end_s, taxonomy_version, annotation_no),
            clip_id=clip_id,
            label=label,
            taxonomy_version=taxonomy_version,
            start_us=microseconds(span.start_s),
            end_us=microseconds(span.end_s),
            start_num=span.start_s.numerator,
            start_den=span.start_s.denominator,
            end_num=span.end_s.numerator,
            end_den=span.end_s.denominator,
            annotation_no=annotation_no,
            n_annotators=n_annotators,
            source=source,
            onset_lo_us=microseconds(decided.onset_earliest_s) if decided else None,
            onset_hi_us=microseconds(decided.onset_latest_s) if decided else None,
            adjudicated=decided.adjudicated if decided else None,
            agreement=float(decided.agreement) if decided else None,
        )


@dataclass(frozen=True, slots=True)
class ReleaseChoice:
    """tables/choices.parquet: an annotator's answer to a question about the whole clip; annotation 0 is what counts."""

    clip_id: ClipId
    question: str
    answer: str
    taxonomy_version: str
    annotation_no: int
    n_annotators: int
    source: LabelSource


def source_id(recording_id: RecordingId) -> UUID:
    """The opaque id of a recording in all releases: stable, and not the id that our own records use."""
    return derive("released source", recording_id)


def group_id(first_recording_id: RecordingId) -> UUID:
    """The opaque id of what must stay on one side of a split: everything filmed in one exercise.

    It comes from the recording of the exercise that our records have known longest, never from the exercise's own id:
    that is short, and whoever tries all short ids would find it again.
    """
    return derive("released group", first_recording_id)
