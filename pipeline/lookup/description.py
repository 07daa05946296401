"""What do recordings and originals say of themselves: as values for programs, and in words for people?"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from pipeline.domain.clock import ClockSource, CorrectedStart
from pipeline.domain.clock_claim import Clock
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.domain.media import MediaFacts
from pipeline.domain.original_facts import DescribedOriginal, OriginalFacts, OriginalKind
from pipeline.domain.still import CameraNames, GeoPoint
from pipeline.records import Session, facts
from pipeline.records.began import began, clocks_of_recording


@dataclass(frozen=True, slots=True)
class ClockLine:
    """What one clock said."""

    source: ClockSource
    place: str
    """Where it was found."""
    text: str
    """Word for word."""
    at: datetime | None
    """The moment that it means; as if in UTC where its zone is not known."""
    is_zone_known: bool
    has_fix: bool
    position_s: Fraction | None
    """Seconds from the first frame to the reading."""


@dataclass(frozen=True, slots=True)
class OriginalLine:
    """What one original says of itself beside its media."""

    sha256: Sha256
    kind: OriginalKind
    described_with: str
    said: OriginalFacts


@dataclass(frozen=True, slots=True)
class Description:
    """Everything that is said; `began` and `media` of a recording alone."""

    began: CorrectedStart | None
    media: MediaFacts | None
    originals: tuple[OriginalLine, ...]
    clocks: tuple[ClockLine, ...]


def describe_recording(session: Session, recording: Recording) -> Description:
    """A recording, the facts of its originals, and all clocks that its start is derived from."""
    found = [facts.find_facts(session, digest) for digest in recording.originals]
    return Description(
        began=began(session, recording),
        media=recording.facts,
        originals=tuple(_line(described) for described in found if described is not None),
        clocks=tuple(_clock_line(clock) for clock in clocks_of_recording(session, recording)),
    )


def describe_original(session: Session, digest: Sha256) -> Description:
    """One original, footage or a companion of it."""
    found = facts.find_facts(session, digest)
    return Description(
        began=None,
        media=None,
        originals=() if found is None else (_line(found),),
        clocks=tuple(_clock_line(clock) for clock in facts.clocks_of(session, digest)),
    )


def in_words(said: Description) -> dict[str, str]:
    """The same for people, in short; what is not said is left out."""
    words: dict[str, str] = {}
    for line in said.originals:
        words |= _original_in_words(line)
    if said.media is not None:
        words |= _media_in_words(said.media)
    if said.clocks:
        counts = Counter((clock.source, clock.place) for clock in said.clocks)
        first = {(clock.source, clock.place): clock.text for clock in reversed(said.clocks)}
        words["clocks"] = "; ".join(
            f"{place}: {first[source, place]}{f' and {count - 1} more' if count > 1 else ''}"
            for (source, place), count in counts.items()
        )
    return words


def _original_in_words(line: OriginalLine) -> dict[str, str]:
    found, words = line.said, {"described_with": line.described_with}
    camera = found.camera
    if camera != CameraNames():
        serial = f", serial {camera.serial}" if camera.serial else ""
        words["camera_says"] = f"{camera.make or 'no make'} {camera.model or 'no model'}{serial}"
    if found.still is not None and found.still.orientation is not None:
        turn = found.still.orientation
        words["stands_upright"] = f"turned by {turn.turn_deg} degrees{', mirrored' if turn.is_mirrored else ''}"
    track = found.telemetry or found.track
    if track is not None and track.points:
        words["track"] = f"{track.points_found} places, from {_place(track.points[0].place)} ({track.form})"
    if track is not None and track.motion:
        words["motion"] = ", ".join(f"{one.sensor} {float(one.rate_hz):.0f} a second" for one in track.motion)
    if found.still is not None and found.still.place is not None:
        words["taken_at"] = _place(found.still.place)
    if found.silent_head_s:
        words["silent_head_s"] = f"{float(found.silent_head_s):.3f}"
    if found.problem is not None:
        words["not_read_because"] = found.problem
    return words


def _media_in_words(media: MediaFacts) -> dict[str, str]:
    video = media.video
    words: dict[str, str] = {}
    if video.rotation_deg:
        words["stands_upright"] = f"turned by {video.rotation_deg} degrees"
    if video.is_variable_rate:
        words["rate_varies"] = f"{float(video.average_rate or video.frame_rate):.3f} a second on average"
    if video.hidden_packet_count:
        words["hidden_by_edit_list"] = f"{video.hidden_packet_count} frames, {float(video.hidden_s):.3f} s"
    if media.timecodes:
        words["timecode"] = ", ".join(f"{one.first} at {one.frame_rate or 'no rate'}" for one in media.timecodes)
    if media.more_audio:
        words["more_sound"] = ", ".join(f"{one.codec} {one.sample_rate_hz} Hz" for one in media.more_audio)
    if media.cut_tags:
        words["kept_in_part"] = ", ".join(f"{tag.source} of {tag.length} characters" for tag in media.cut_tags)
    if media.other_streams:
        words["other_streams"] = ", ".join(media.other_streams)
    return words


def _place(place: GeoPoint) -> str:
    return f"{float(place.latitude_deg):.6f}, {float(place.longitude_deg):.6f}"


def _line(found: DescribedOriginal) -> OriginalLine:
    return OriginalLine(found.digest, found.kind, found.tool_identity, found.facts)


def _clock_line(clock: Clock) -> ClockLine:
    reading = clock.reading
    return ClockLine(
        source=clock.source,
        place=clock.place,
        text=clock.text,
        at=None if reading is None else reading.at,
        is_zone_known=False if reading is None else reading.is_zone_known,
        has_fix=reading is not None and reading.source == "gnss" and reading.has_fix,
        position_s=None if reading is None else reading.position_s,
    )
