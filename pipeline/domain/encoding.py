"""What was made of a clip, of which files, and may it be an excerpt?

Rules kept here:

* An encoding is named by the clip, the recipe's digest, the digests of what it was made of and the tool's identity: the
  same of all four are the same bytes, and anything else is something new.
* An excerpt is packets of one original, between clean keyframes, that anybody can play: `why_no_excerpt` says what
  stands against it, if anything does.
* Clips that follow one another closely are made in one go (`runs_of`), because decoding up to the first costs once.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from itertools import pairwise

from pipeline.domain.clip_recipe import AnyRecipe, ClipRecipe, Excerpt
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Chapter, Location
from pipeline.domain.ids import ClipId, EncodingId, derive
from pipeline.domain.media import MediaFacts, VideoFacts
from pipeline.domain.transform import Transform

_SHIPPED_PICTURES = frozenset({"h264", "hevc", "av1"})
_SHIPPED_PIXELS = frozenset({"yuv420p", "yuvj420p"})
_SHIPPED_SOUNDS = frozenset({"aac", "mp3", "ac3"})
"""What plays from an MP4 in browsers and in the libraries that partners read with."""

RUN_GAP_S = Fraction(2)
"""Clips further apart than this are made by themselves: what lies between would be decoded for nothing."""
RUN_PIXELS_MAX = 8_400_000
"""Pixels of all full-size encoders of one run together: each keeps some 60 frames until the run ends."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """The bytes that a recipe made of one clip."""

    encoding_id: EncodingId
    clip_id: ClipId
    recipe_name: str
    recipe_version: int
    recipe_digest: Sha256
    tool_identity: str
    inputs: tuple[Sha256, ...]
    """What it was made of, in order: originals, or the encoding that it is a variant of."""
    digest: Sha256
    at: Location
    size_bytes: int
    frame_count: int
    frame_rate: Fraction
    width_px: int
    height_px: int
    video_codec: str
    audio_codec: str | None
    transform: Transform
    """From the clip as it was filmed, whatever lies between."""
    encoded_at: datetime

    @staticmethod
    def id_for(clip_id: ClipId, recipe_digest: Sha256, inputs: Sequence[Sha256], tool_identity: str) -> EncodingId:
        """The id of what this tool makes of a clip of these inputs by a recipe."""
        return EncodingId(derive("encoding", clip_id, recipe_digest, ",".join(map(str, inputs)), tool_identity))


@dataclass(frozen=True, slots=True)
class Piece:
    """The part of a clip that lies in one file: frames `[start_frame, end_frame)` of that file's own."""

    chapter: int
    """Which of the recording's files, counted from 0."""
    start_frame: int
    end_frame: int


def pieces_of(start_frame: int, end_frame: int, chapters: Sequence[Chapter]) -> tuple[Piece, ...]:
    """In which files the frames `[start_frame, end_frame)` of a recording lie, in order."""
    found = []
    for number, chapter in enumerate(chapters):
        first = chapter.start_frame
        start, end = max(start_frame, first), min(end_frame, first + chapter.facts.video.frame_count)
        if start < end:
            found.append(Piece(number, start - first, end - first))
    return tuple(found)


def why_no_excerpt(
    pieces: Sequence[Piece],
    facts: Sequence[MediaFacts],
    recipe: Excerpt,
    *,
    is_damaged: bool = False,
    needs_redaction: bool = False,
) -> str | None:
    """Why a clip cannot be an excerpt, every reason told; `None` where it can.

    Args:
        pieces: where the clip lies.
        facts: of each file of the recording, in order.
        recipe: what an excerpt must keep.
        is_damaged: whether anything of the recording does not decode.
        needs_redaction: whether something in the clip must not be seen or heard.
    """
    reasons = []
    if needs_redaction:
        reasons.append("something in it must not be seen or heard")
    if is_damaged:
        reasons.append("the recording is damaged, and packets cannot be trusted to decode alike everywhere")
    if len(pieces) != 1:
        reasons.append(f"it lies in {len(pieces)} files, and an excerpt is packets of one")
    else:
        (piece,) = pieces
        reasons += [*_why_not_cut(piece, facts[piece.chapter].video, recipe), *_why_not_played(facts[piece.chapter])]
    return "; ".join(reasons) or None


def _why_not_cut(piece: Piece, video: VideoFacts, recipe: Excerpt) -> Iterator[str]:
    if video.is_variable_rate:
        yield "its frame rate varies, so that its frames are not those that labels count"
        return
    entries = video.keyframe_frames
    if piece.start_frame not in entries:
        yield "it does not begin on a clean keyframe of the original"
    if piece.end_frame not in (*entries, video.frame_count):
        yield "it does not end before a clean keyframe of the original"
    inside = [piece.start_frame, *(frame for frame in entries if piece.start_frame < frame < piece.end_frame)]
    gap_s = max(end - start for start, end in pairwise([*inside, piece.end_frame])) / video.frame_rate
    if gap_s > recipe.gop_max_s:
        yield f"its keyframes are up to {float(gap_s):.3f} s apart, more than {float(recipe.gop_max_s):g} s"


def _why_not_played(facts: MediaFacts) -> Iterator[str]:
    video, audio = facts.video, facts.audio
    if video.rotation_deg:
        yield f"its picture is stored on its side ({video.rotation_deg} degrees), which many tools overlook"
    if video.codec not in _SHIPPED_PICTURES:
        yield f"{video.codec} does not play from an MP4 everywhere"
    elif video.pixel_format not in _SHIPPED_PIXELS:
        yield f"pictures in {video.pixel_format} do not play everywhere"
    if audio is not None and audio.codec not in _SHIPPED_SOUNDS:
        yield f"sound in {audio.codec} does not play from an MP4 everywhere"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A clip that something is to be made of."""

    clip_id: ClipId
    start_frame: int
    end_frame: int
    """Frames of the recording's grid."""


def runs_of(wanted: Iterable[Wanted], frame_rate: Fraction, *, pixels: int) -> list[tuple[Wanted, ...]]:
    """Clips of one recording in groups that are made in one go, in the order of time.

    Args:
        wanted: the clips, in any order.
        frame_rate: frames a second of the recording.
        pixels: of one of its frames.
    """
    longest = max(1, RUN_PIXELS_MAX // max(1, pixels))
    runs: list[list[Wanted]] = []
    for clip in sorted(wanted, key=lambda clip: (clip.start_frame, clip.end_frame, clip.clip_id)):
        last = runs[-1] if runs else None
        if last and len(last) < longest and (clip.start_frame - last[-1].end_frame) / frame_rate <= RUN_GAP_S:
            last.append(clip)
        else:
            runs.append([clip])
    return [tuple(run) for run in runs]


def in_order_of_making(recipes: Iterable[AnyRecipe]) -> list[AnyRecipe]:
    """Recipes so that whatever one is made from comes before it."""
    return sorted(recipes, key=lambda recipe: isinstance(recipe, ClipRecipe) and recipe.made_from is not None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Which recipes a clip is made by."""

    answers: tuple[AnyRecipe, ...]
    """For each that was asked for, the one that answers it."""
    because: str | None
    """Why it is no excerpt, where one was asked for."""
    to_make: tuple[AnyRecipe, ...]
    """Each once, and whatever one is made from before it."""


def recipes_for(
    names: Sequence[str],
    pieces: Sequence[Piece],
    facts: Sequence[MediaFacts],
    *,
    is_damaged: bool,
    known: Mapping[str, AnyRecipe],
) -> Chosen:
    """Choose the recipes for a clip: an excerpt where that is possible, else a standard clip in its place."""
    answers, because = [], None
    for name in names:
        recipe = known[name]
        if isinstance(recipe, Excerpt):
            because = why_no_excerpt(pieces, facts, recipe, is_damaged=is_damaged)
            recipe = recipe if because is None else known[recipe.otherwise]
        answers.append(recipe)
    parents = [
        known[recipe.made_from] for recipe in answers if isinstance(recipe, ClipRecipe) and recipe.made_from is not None
    ]
    return Chosen(
        tuple(answers), because, tuple(in_order_of_making({one.name: one for one in (*parents, *answers)}.values()))
    )
