"""Builds one of each thing, valid by default; a keyword spoils or changes it.

Each `a_*` stands alone; those that belong together are built of one another: `a_clip(recording=…)`. `a_chain` is one of
each, linked from the upload to its clips, and `add_chain` records it.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any
from uuid import UUID

from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.clip_recipe import STANDARD
from pipeline.domain.clock import ClockReading
from pipeline.domain.clock_claim import Clock
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.damage import Damage
from pipeline.domain.decision import Decision
from pipeline.domain.digest import Sha256
from pipeline.domain.docking import DockObject
from pipeline.domain.duplicate import Duplicate, Evidence, SoundMatch, StreamMatch, Verdict
from pipeline.domain.encoding import Encoding
from pipeline.domain.encoding_plan import ClipSource, plan_encoding
from pipeline.domain.exercise import ExerciseDeclaration, Weapon, WornCamera
from pipeline.domain.footage import Clip, ClipRendition, Location, Original, Recording, Rendition, Upload
from pipeline.domain.ids import AnnotationId, CameraSerial, ClipId, ExerciseId, RecordingId, ReleaseId, derive
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.media import AudioFacts, ClockClaim, MediaFacts, VideoFacts
from pipeline.domain.original_facts import DescribedOriginal, OriginalFacts, StoredSeries
from pipeline.domain.still import CameraNames, GeoPoint
from pipeline.domain.timeline import Span
from pipeline.domain.track import TrackFacts, TrackPoint
from pipeline.records import Session, clips, custody, footage
from pipeline.records.annotations import Answer, SentTask
from pipeline.records.releases import Draft

NOON = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
NTSC = Fraction(30000, 1001)
TOOL = "ffmpeg 7.1 sha256:00"
TAXONOMY = Sha256.of(b"taxonomy")
EXERCISE = "EX-2026-014"
CAMERA = "X6039BHEX"


def a_byproduct(rendition: Rendition, **instead: Any) -> Byproduct:
    digest = Sha256.of(b"sound")
    whole = Byproduct(rendition.rendition_id, ByproductKind.SOUND, 0, digest, a_location("sound"), 44)
    return replace(whole, **instead)


def a_damage(**instead: Any) -> Damage:
    whole = Damage("error while decoding MB 7 0", 900, 2, (Span(Fraction(1), Fraction(2)),), "from each lost frame on")
    return replace(whole, **instead)


def a_decision(upload: Upload, **instead: Any) -> Decision:
    return replace(Decision(upload.upload_id, 0, "rejected", "j.doe", "a holiday film", NOON), **instead)


class TickingClock:
    """A clock that stands at a known moment and is a second further each time it is asked."""

    def __init__(self, start: datetime = NOON) -> None:
        self.now = start

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


def a_location(name: str = "thing", *, bucket: str = "bucket", version_id: str = "1") -> Location:
    return Location(bucket, f"key/{name}", version_id)


def a_declaration(**instead: Any) -> ExerciseDeclaration:
    whole = ExerciseDeclaration(
        exercise_id=ExerciseId(EXERCISE),
        scenario="hostage",
        held_on=date(2026, 11, 22),
        site="RANGE-3",
        cameras=(WornCamera(CameraSerial(CAMERA), "OFFICER-7"),),
        weapons=(Weapon("carbine", "blank"),),
    )
    return replace(whole, **instead)


def an_upload(name: str = "one", **instead: Any) -> Upload:
    at = instead.pop("at", a_location(name, bucket="intake"))
    whole = Upload(
        upload_id=Upload.id_for(at),
        at=at,
        etag="0" * 32,
        size_bytes=1000,
        exercise_id=ExerciseId(EXERCISE),
        camera_serial=CameraSerial(CAMERA),
        original_name=f"{name}.mp4",
        claimed_digest=Sha256.of(name.encode()),
        received_at=NOON,
    )
    return replace(whole, **instead)


def a_dock_object(name: str = "20261122_115900_ab.mp4", **instead: Any) -> DockObject:
    whole = DockObject(
        container=f"5f0c2a9b_{CAMERA}_20261122T115900Z",
        name=name,
        at=a_location(name, bucket="intake"),
        size_bytes=1000,
        md5="0" * 32,
        digest=Sha256.of(name.encode()),
        media_type="video/mp4",
        stored_at=NOON,
    )
    return replace(whole, **instead)


def an_original(name: str = "one", **instead: Any) -> Original:
    digest = Sha256.of(name.encode())
    whole = Original(digest=digest, at=a_location(digest.hex, bucket="originals"), size_bytes=1000, preserved_at=NOON)
    return replace(whole, **instead)


def media_facts(*, frame_count: int = 900, frame_rate: Fraction = NTSC, has_audio: bool = True) -> MediaFacts:
    video = VideoFacts(
        stream_index=0,
        codec="h264",
        width_px=1920,
        height_px=1080,
        rotation_deg=0,
        pixel_aspect=Fraction(1),
        pixel_format="yuv420p",
        frame_rate=frame_rate,
        frame_count=frame_count,
        is_variable_rate=False,
        time_base=Fraction(1, 30000),
        start_s=Fraction(0),
        packet_count=frame_count,
        keyframes_s=(Fraction(0), 30 / frame_rate),
    )
    audio = AudioFacts(1, "aac", 48_000, 1, Fraction(0), frame_count / frame_rate) if has_audio else None
    claim = ClockClaim("container:creation_time", "2026-11-22T12:00:00.000000Z")
    return MediaFacts("mov,mp4", frame_count / frame_rate, video, audio, (claim,), ())


def described_facts(original: Original | None = None, **instead: Any) -> DescribedOriginal:
    facts = instead.pop("facts", OriginalFacts(telemetry=a_track()))
    digest = (original or an_original()).digest
    return replace(DescribedOriginal(digest, "video", "parser 1.0", facts, NOON), **instead)


def a_series(original: Original) -> StoredSeries:
    found = described_facts(original)
    return StoredSeries(found.digest, found.tool_identity, Sha256.of(b"samples"), a_location("series"), 7)


def a_track(**instead: Any) -> TrackFacts:
    point = TrackPoint(
        place=GeoPoint(Fraction("33.126677"), Fraction("-117.3273436"), Fraction("-22.959")),
        at="2026-11-22T11:59:00+00:00",
        position_s=Fraction(0),
        fix_dimensions=3,
    )
    return replace(TrackFacts("telemetry", CameraNames("GoPro", "GoPro Max", "C1"), (point,), 1), **instead)


def a_clock(**instead: Any) -> Clock:
    reading = ClockReading("gnss", NOON, Fraction(1, 2), is_zone_known=True)
    return replace(Clock("gnss", "telemetry", NOON.isoformat(), reading), **instead)


def a_recording(original: Original | None = None, **instead: Any) -> Recording:
    originals = ((original or an_original()).digest,)
    facts = instead.pop("facts", media_facts())
    whole = Recording(
        recording_id=Recording.id_for(originals),
        exercise_id=ExerciseId(EXERCISE),
        camera_serial=CameraSerial(CAMERA),
        originals=originals,
        facts=facts,
        duration_s=facts.video.duration_s,
        frame_rate=facts.video.frame_rate,
        tool_identity=TOOL,
        probed_at=NOON,
    )
    return replace(whole, **instead)


def a_rendition(recording: Recording | None = None, **instead: Any) -> Rendition:
    recording = recording or a_recording()
    recipe, tool = instead.get("recipe_digest", Sha256.of(b"recipe")), instead.get("tool_identity", TOOL)
    rendition_id = Rendition.id_for(recording.recording_id, recipe, tool)
    whole = Rendition(
        rendition_id=rendition_id,
        recording_id=recording.recording_id,
        recipe_name="viewing",
        recipe_digest=recipe,
        tool_identity=tool,
        digest=Sha256.of(rendition_id.bytes),
        at=a_location(str(rendition_id), bucket="working"),
        size_bytes=500,
        frame_count=900,
        width_px=960,
        height_px=540,
        cut_frames=(0, 300, 600),
        cut_reason="because",
        rendered_at=NOON,
    )
    return replace(whole, **instead)


def a_clip(recording: Recording | None = None, ordinal: int = 0, **instead: Any) -> Clip:
    recording = recording or a_recording()
    span = instead.pop("span", Span.of_frames(300 * ordinal, 300 * (ordinal + 1), recording.frame_rate))
    clip_id = Clip.id_for(recording.recording_id, span)
    return replace(Clip(clip_id, recording.recording_id, ordinal, span, NOON), **instead)


def a_clip_rendition(clip: Clip | None = None, rendition: Rendition | None = None, **instead: Any) -> ClipRendition:
    clip, rendition = clip or a_clip(), rendition or a_rendition()
    made_of = clip.clip_id.bytes + rendition.rendition_id.bytes
    whole = ClipRendition(
        clip_id=clip.clip_id,
        rendition_id=rendition.rendition_id,
        digest=Sha256.of(made_of),
        at=a_location(made_of.hex(), bucket="working"),
        size_bytes=100,
        frame_count=300,
    )
    return replace(whole, **instead)


def an_encoding(clip: Clip | None = None, **instead: Any) -> Encoding:
    clip, inputs = clip or a_clip(), instead.get("inputs", (Sha256.of(b"original"),))
    recipe, tool = instead.get("recipe_digest", STANDARD.digest), instead.get("tool_identity", TOOL)
    encoding_id = Encoding.id_for(clip.clip_id, recipe, inputs, tool)
    plan = plan_encoding(STANDARD, ClipSource(1920, 1080, Fraction(1), Fraction(30), 300, 48_000), clip.clip_id)
    whole = Encoding(
        encoding_id=encoding_id,
        clip_id=clip.clip_id,
        recipe_name=STANDARD.name,
        recipe_version=STANDARD.version,
        recipe_digest=recipe,
        tool_identity=tool,
        inputs=inputs,
        digest=Sha256.of(encoding_id.bytes),
        at=a_location(str(encoding_id), bucket="working"),
        size_bytes=700,
        frame_count=300,
        frame_rate=Fraction(30),
        width_px=1920,
        height_px=1080,
        video_codec="h264",
        audio_codec="aac",
        transform=plan.transform,
        encoded_at=NOON,
    )
    return replace(whole, **instead)


def a_task(clip: Clip | None = None, number: int = 1, **instead: Any) -> SentTask:
    clip_id = (clip or a_clip()).clip_id
    return replace(SentTask(clip_id, TAXONOMY, Sha256.of(b"clip"), 1, number, NOON), **instead)


def some_labels(kind: str = "shot_fired", *, at_s: Fraction = Fraction(1)) -> ClipLabels:
    return ClipLabels.of(
        [EventLabel(kind, Span(at_s, at_s + Fraction(1, 30)))],
        [
            ChoiceAnswer("threat_level", "active"),
            ChoiceAnswer("viewpoint", "officer"),
            ChoiceAnswer("visibility", "clear"),
            ChoiceAnswer("simulated_weapon", "none"),
        ],
    )


def an_answer(clip: Clip | None = None, number: int = 1, **instead: Any) -> Answer:
    """The answer of this number in Label Studio; another moment makes another version of it."""
    answered_at = instead.pop("answered_at", NOON)
    whole = Answer(
        annotation_id=AnnotationId(derive("annotation", 1, number, answered_at.isoformat())),
        clip_id=(clip or a_clip()).clip_id,
        taxonomy_digest=TAXONOMY,
        annotator="annotator-1",
        label_studio_annotation_id=number,
        answered_at=answered_at,
        raw=b"[]",
        labels=some_labels(),
        refusal=None,
        collected_at=NOON,
    )
    return replace(whole, **instead)


def a_draft(name: str = "attack-early", version: str = "1.0.0", **instead: Any) -> Draft:
    release_id = ReleaseId(derive("release", name, version))
    return replace(Draft(release_id, name, version, TAXONOMY, 2, NOON), **instead)


def a_duplicate(earlier: UUID, later: UUID, **instead: Any) -> Duplicate:
    """Two recordings; with `kind="upload"` two uploads."""
    whole = Duplicate(
        duplicate_id=Duplicate.id_for(RecordingId(earlier), RecordingId(later)),
        kind="recording",
        earlier_id=earlier,
        later_id=later,
        verdict=Verdict.REMUX,
        reason="because",
        evidence=Evidence(StreamMatch(True, SoundMatch.EQUAL, 900, 900)),
        claims_differ=False,
        found_at=NOON,
    )
    return replace(whole, **instead)


def an_event(**instead: Any) -> CustodyEvent:
    subject_id = str(ClipId(derive("clip", "one")))
    return replace(CustodyEvent("cut", "clip", subject_id, NOON, {"digest": Sha256.of(b"clip").hex}), **instead)


@dataclass(frozen=True)
class Chain:
    """One upload and everything that came of it."""

    upload: Upload
    original: Original
    recording: Recording
    rendition: Rendition
    clips: tuple[Clip, ...]
    made: tuple[ClipRendition, ...]


def a_chain(name: str = "one", *, clip_count: int = 3) -> Chain:
    original = an_original(name)
    recording = a_recording(original)
    rendition = a_rendition(recording)
    cut = tuple(a_clip(recording, ordinal) for ordinal in range(clip_count))
    made = tuple(a_clip_rendition(clip, rendition) for clip in cut)
    return Chain(an_upload(name), original, recording, rendition, cut, made)


def add_chain(session: Session, chain: Chain) -> Chain:
    """Record a chain as the steps would, each row with its event."""
    footage.add_upload(session, chain.upload)
    footage.add_original(session, chain.original)
    footage.link_content(session, chain.upload.upload_id, chain.original.digest)
    footage.add_recording(session, chain.recording)
    footage.add_rendition(session, chain.rendition)
    for clip, made in zip(chain.clips, chain.made, strict=True):
        clips.add_clip(session, clip)
        clips.add_clip_rendition(session, made)
    making = [
        ("received", "upload", chain.upload.upload_id),
        ("preserved", "original", chain.original.digest),
        ("probed", "recording", chain.recording.recording_id),
        ("rendered", "rendition", chain.rendition.rendition_id),
        *(("cut", "clip", clip.clip_id) for clip in chain.clips),
    ]
    for kind, subject, thing_id in making:
        custody.append(session, an_event(kind=kind, subject_kind=subject, subject_id=str(thing_id), details={}))
    return chain
