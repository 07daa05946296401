"""Is this footage that we have already, and how do we know?

Two recordings are compared by the packets of their streams and by hashes of their pictures; two uploads by their bytes.
Rules kept here:

* Only what adds nothing is left out: the same streams in another container, or a re-encode of the same pictures, when
  the earlier recording has all of its picture and its sound. Whatever may hold more, or may be another moment, is
  ingested and shown to a person.
* Which one is the earlier is the order in which we came to know them. Whether two are related does not depend on it.
* The word of a sender decides nothing: two that are the same footage stay so under other exercises or cameras, and a
  person is asked which is true.

A picture hash is PDQ's 256 bits; distances are counted in bits. Measured on real footage: a re-encode of a picture is
2 to 8 bits away, PDQ's own authors call up to 31 the same picture, other edits of a scene are up to 90 away, unrelated
pictures 108 and more.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from typing import Literal, NewType
from uuid import UUID

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import RecordingId, UploadId, derive

DuplicateId = NewType("DuplicateId", UUID)

SAME_BITS = 31
"""Two hashes that differ in no more bits than this show the same picture."""
ALIKE_BITS = 90
"""Two hashes that differ in no more bits than this may show the same scene."""

COPY_MOMENTS_MIN = 4
"""Different moments that must be the same picture, one after the other, before a recording is called a copy."""
COPY_SHARE = Fraction(6, 10)
"""The part of all moments that must be the same picture: the rest may be frames that a re-encode dropped."""
COPY_COVERED = Fraction(9, 10)
"""The part of the later recording that must lie within the earlier."""
REVIEW_MOMENTS_MIN = 4
REVIEW_SHARE = Fraction(1, 2)
"""The part of all moments that must be alike before a person is asked."""


class Verdict(StrEnum):
    """What two pieces of footage are to each other."""

    SAME_BYTES = "same_bytes"
    REMUX = "remux"
    COPY = "copy"
    REVIEW = "review"
    DISTINCT = "distinct"


class SoundMatch(StrEnum):
    """How the sound of two recordings compares."""

    EQUAL = "equal"
    NEITHER = "neither"
    ONLY_EARLIER = "only_earlier"
    ONLY_LATER = "only_later"
    DIFFERENT = "different"


class Turn(StrEnum):
    """How the later picture was turned before it matched."""

    NONE = "none"
    MIRRORED = "mirrored"
    UPSIDE_DOWN = "upside_down"


@dataclass(frozen=True, slots=True)
class StreamDigests:
    """The SHA-256 of the packets of an original's picture and sound, whatever the container around them."""

    picture: Sha256
    sound: Sha256 | None


@dataclass(frozen=True, slots=True)
class StreamMatch:
    """Two recordings that share the packets of a picture stream."""

    is_whole: bool
    """Every picture stream of the one is a picture stream of the other, in the same order."""
    sound: SoundMatch
    earlier_frames: int
    """Frames that are shown: an edit list hides some without changing a packet."""
    later_frames: int


@dataclass(frozen=True, slots=True)
class PictureAnchor:
    """One picture hash by which a recording can be found among all."""

    sample: int
    """Its number among the kept hashes of the recording, counted from 0."""
    hash: bytes
    bands: tuple[int, ...]
    """Numbers made of parts of its bits: two hashes that share one may be alike."""


@dataclass(frozen=True, slots=True)
class PictureMatch:
    """How well the pictures of two recordings match where they match best.

    A moment is a picture of the earlier recording that is unlike every other moment counted, and unlike most of the
    later recording: a wall that is filmed for an hour is no evidence.
    """

    moments: int
    same_moments: int
    alike_moments: int
    longest_same_run: int
    """Most moments that are the same, one after the other."""
    longest_alike_run: int
    median_bits: int
    offset_s: Fraction
    """Where on the earlier's timeline the later begins."""
    turn: Turn
    earlier_covered: Fraction
    """The part of the earlier recording's length that the later lies beside."""
    later_covered: Fraction
    adds_sound: bool
    """The later has sound and the earlier has none."""
    adds_detail: bool
    """The later has clearly more pixels or frames a second."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was found when two pieces of footage were compared; nothing at all for two uploads of the same bytes."""

    streams: StreamMatch | None = None
    pictures: PictureMatch | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason."""

    verdict: Verdict
    reason: str


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two uploads or two recordings that are, or may be, the same footage."""

    duplicate_id: DuplicateId
    kind: Literal["upload", "recording"]
    earlier_id: UUID
    later_id: UUID
    verdict: Verdict
    reason: str
    evidence: Evidence
    claims_differ: bool
    """Their senders named different exercises or cameras."""
    found_at: datetime

    @staticmethod
    def id_for(one: UploadId | RecordingId, other: UploadId | RecordingId) -> DuplicateId:
        """The id of a pair, whichever is named first."""
        return DuplicateId(derive("duplicate", *sorted((one, other))))


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about a pair."""

    duplicate_id: DuplicateId
    is_same: bool
    decided_by: str
    """A pseudonym."""
    reason: str
    decided_at: datetime


Standing = Literal["same", "distinct", "open"]


def standing(duplicate: Duplicate, decision: Decision | None) -> Standing:
    """What counts now: what a person decided last, else the verdict."""
    if decision is not None:
        return "same" if decision.is_same else "distinct"
    return "open" if duplicate.verdict is Verdict.REVIEW else "same"


def waits_for_a_person(duplicate: Duplicate, decision: Decision | None) -> bool:
    """Whether somebody should look: the verdict is in doubt, or the senders said different things."""
    return decision is None and (duplicate.verdict is Verdict.REVIEW or duplicate.claims_differ)


def match_streams(
    earlier: Sequence[StreamDigests], later: Sequence[StreamDigests], *, earlier_frames: int, later_frames: int
) -> StreamMatch | None:
    """How the streams of two recordings match, original by original; `None` when they share no picture stream.

    Args:
        earlier: the digests of the one, in the order of its originals.
        later: those of the other.
        earlier_frames: how many frames the one shows.
        later_frames: how many the other shows.
    """
    pictures = [streams.picture for streams in earlier], [streams.picture for streams in later]
    if not set(pictures[0]) & set(pictures[1]):
        return None
    sounds = [streams.sound for streams in earlier], [streams.sound for streams in later]
    return StreamMatch(pictures[0] == pictures[1], _match_sounds(*sounds), earlier_frames, later_frames)


def _match_sounds(earlier: Sequence[Sha256 | None], later: Sequence[Sha256 | None]) -> SoundMatch:
    if not any(earlier) and not any(later):
        return SoundMatch.NEITHER
    if earlier == later:
        return SoundMatch.EQUAL
    if not any(earlier):
        return SoundMatch.ONLY_LATER
    return SoundMatch.DIFFERENT if any(later) else SoundMatch.ONLY_EARLIER


def judge_streams(match: StreamMatch) -> Judgement:
    """Two recordings that share the packets of a picture stream: is the later nothing but another container?"""
    if not match.is_whole:
        return Judgement(Verdict.REVIEW, "some of its files hold the same picture stream, not all")
    if match.later_frames > match.earlier_frames:
        more = match.later_frames - match.earlier_frames
        return Judgement(Verdict.REVIEW, f"the same picture stream, of which it shows {more} frames more")
    if match.sound in {SoundMatch.ONLY_LATER, SoundMatch.DIFFERENT}:
        what = "with sound that the other has not" if match.sound is SoundMatch.ONLY_LATER else "with other sound"
        return Judgement(Verdict.REVIEW, f"the same picture stream, {what}")
    kept = {SoundMatch.EQUAL: "and sound", SoundMatch.NEITHER: "without sound"}.get(match.sound, "without its sound")
    return Judgement(Verdict.REMUX, f"the same picture stream {kept}, packet for packet, in another file")


def judge_pictures(match: PictureMatch) -> Judgement:
    """Two recordings at the place where their pictures match best: is the later a copy of the earlier?"""
    seen = f"{match.same_moments} of {match.moments} moments are the same picture (median {match.median_bits} bits)"
    if match.moments < COPY_MOMENTS_MIN:
        return Judgement(Verdict.DISTINCT, "too few different moments to compare")
    if match.longest_same_run >= COPY_MOMENTS_MIN and match.same_moments >= COPY_SHARE * match.moments:
        doubt = _doubt(match)
        return Judgement(Verdict.REVIEW, f"{seen}, {doubt}") if doubt else Judgement(Verdict.COPY, seen)
    if match.longest_alike_run >= REVIEW_MOMENTS_MIN and match.alike_moments >= REVIEW_SHARE * match.moments:
        return Judgement(Verdict.REVIEW, f"{seen}, {match.alike_moments} are alike")
    return Judgement(Verdict.DISTINCT, f"{seen}, {match.alike_moments} are alike")


def _doubt(match: PictureMatch) -> str | None:
    """Why the later of two with the same pictures must be kept all the same."""
    if match.turn is not Turn.NONE:
        return f"when it is turned ({match.turn.value}), and nobody knows which one is true"
    if match.later_covered < COPY_COVERED:
        return f"but only {float(match.later_covered):.0%} of it lies within the other"
    if match.adds_sound:
        return "but it has sound and the other has none"
    if match.adds_detail:
        return "but it has more pixels or frames"
    return None
