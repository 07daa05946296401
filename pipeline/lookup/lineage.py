"""What is this thing, what did it come from, and what came from it?"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from pipeline.domain.audit import ThingKind
from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import call_cameras
from pipeline.domain.footage import Upload
from pipeline.domain.ids import (
    AnnotationId,
    ClipId,
    EncodingId,
    ExerciseId,
    RecordingId,
    ReleaseId,
    RenditionId,
    UploadId,
)
from pipeline.domain.timeline import Span
from pipeline.lookup import hints
from pipeline.lookup.chaptered import chapter_facts
from pipeline.lookup.description import Description, describe_original, describe_recording, in_words
from pipeline.lookup.doubles import links_of
from pipeline.lookup.naming import Ref, resolve
from pipeline.lookup.timelines import placement_in_words
from pipeline.records import (
    Database,
    Session,
    annotations,
    assignments,
    byproducts,
    clips,
    companions,
    custody,
    damages,
    encodings,
    exercises,
    footage,
    qualities,
    releases,
)
from pipeline.records.began import began


@dataclass(frozen=True, slots=True)
class Happening:
    """One custody event of a thing."""

    at: datetime
    kind: str
    details: dict[str, str]


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing with its relations and its custody events."""

    ref: Ref
    facts: dict[str, str]
    """In words for people."""
    described: Description | None
    """What a recording or an original says of itself, as values; `None` for other things."""
    came_from: tuple[Ref, ...]
    became: tuple[Ref, ...]
    happenings: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class _Links:
    facts: dict[str, str]
    came_from: list[Ref]
    became: list[Ref]
    described: Description | None = None


def show(db: Database, text: str) -> Thing:
    """Explain the thing that a text names.

    Raises:
        UsageError: nothing, or more than one thing, has this name.
    """
    ref = resolve(db, text)
    with db.begin() as session:
        links = _EXPLAIN[ref.kind](session, ref.thing_id)
        happenings = tuple(
            Happening(at, kind, json.loads(canonical)["details"])
            for at, kind, _, canonical in custody.events_of(session, ref.thing_id)
        )
    return Thing(ref, links.facts, links.described, tuple(links.came_from), tuple(links.became), happenings)


def _exercise(session: Session, exercise_id: str) -> _Links:
    recordings = footage.all_recordings(session, exercise_id)
    cameras = sorted({recording.camera_serial for recording in recordings})
    facts = {"recordings": str(len(recordings)), "cameras": ", ".join(cameras)}
    declared = exercises.newest_declaration(session, ExerciseId(exercise_id))
    sent = exercises.cameras_of(session, ExerciseId(exercise_id))
    roll = call_cameras(declared.declaration if declared else None, sent)
    if roll.undeclared:
        facts["sent_but_not_declared"] = ", ".join(roll.undeclared)
    if roll.silent:
        facts["declared_but_not_sent"] = ", ".join(roll.silent)
    if declared is not None:
        said = declared.declaration
        facts |= {
            "scenario": said.scenario,
            "held_on": said.days,
            "site": said.site,
            "worn": ", ".join(f"{camera.camera_serial} by {camera.wearer}" for camera in said.cameras),
            "weapons": ", ".join(f"{weapon.kind} ({weapon.ammunition})" for weapon in said.weapons),
            "declared_at": declared.declared_at.isoformat(),
        }
    return _Links(
        facts,
        [],
        [Ref("recording", str(recording.recording_id)) for recording in recordings],
    )


def _upload(session: Session, upload_id: str) -> _Links:
    upload = footage.get_upload(session, UploadId(UUID(upload_id)))
    refusal = next((r for r in footage.quarantined(session) if r.upload.upload_id == upload.upload_id), None)
    digest = footage.content_of(session, upload.upload_id)
    facts = {
        "state": _state(upload, refused=refusal is not None, preserved=digest is not None),
        "exercise": upload.exercise_id or "unknown",
        "camera": upload.camera_serial or "unknown",
        "original_name": upload.original_name or "not given",
        "size_bytes": str(upload.size_bytes),
        "received_at": upload.received_at.isoformat(),
        "object": f"s3://{upload.at.bucket}/{upload.at.key}",
        "version_id": upload.at.version_id,
    }
    if upload.companion_kind:
        facts["belongs_to_footage_as"] = upload.companion_kind
    if upload.name_pattern:
        facts["named_like"] = upload.name_pattern
    if upload.named_start:
        facts["began_by_its_name"] = upload.named_start
    if refusal:
        facts["refused_because"] = refusal.reason
    if upload.chapter is not None:
        facts["chapter"] = f"{upload.chapter.number} of series {upload.chapter.series}"
    if upload.claimed_start_at is not None:
        facts["claimed_start_at"] = upload.claimed_start_at.isoformat()
    if (because := assignments.reason_of(session, upload.upload_id)) is not None:
        facts["exercise_because"] = because
    if (named := assignments.who_named_camera(session, upload.upload_id)) is not None:
        facts["camera_because"] = f"said by {named[0]}: {named[1]}"
    facts |= _duplicates(session, upload.upload_id)
    return _Links(
        facts,
        [Ref("exercise", upload.exercise_id)] if upload.exercise_id else [],
        [Ref("original", digest.hex)] if digest else [],
    )


def _state(upload: Upload, *, refused: bool, preserved: bool) -> str:
    if refused:
        return "quarantined"
    if upload.exercise_id is None:
        return "waits for its exercise"
    return "preserved" if preserved else "received"


def _original(session: Session, digest: str) -> _Links:
    original = footage.get_original(session, Sha256(digest))
    recording = footage.find_recording(session, original.digest)
    described = describe_original(session, original.digest)
    return _Links(
        {
            "sha256": digest,
            "size_bytes": str(original.size_bytes),
            "preserved_at": original.preserved_at.isoformat(),
            "object": f"s3://{original.at.bucket}/{original.at.key}",
            "version_id": original.at.version_id,
            **in_words(described),
        },
        [Ref("upload", str(upload.upload_id)) for upload in footage.uploads_of(session, original.digest)],
        [Ref("recording", str(recording.recording_id))] if recording else [],
        described,
    )


def _recording(session: Session, recording_id: str) -> _Links:
    recording = footage.get_recording(session, RecordingId(UUID(recording_id)))
    video, audio = recording.facts.video, recording.facts.audio
    described = describe_recording(session, recording)
    start = described.began or began(session, recording)
    became = [Ref("rendition", str(r.rendition_id)) for r in footage.all_renditions(session, recording.recording_id)]
    became += [Ref("clip", str(clip.clip_id)) for clip in clips.clips_of(session, recording.recording_id)]
    beside = companions.companions_of(session, recording.recording_id)
    return _Links(
        {
            "exercise": recording.exercise_id,
            "camera": recording.camera_serial,
            "began_at": f"{start.start_at.isoformat()}, give or take {_rough(start.uncertainty_s)}",
            "because": "; ".join((start.because, *start.disagreements)),
            "duration_s": f"{float(recording.duration_s):.3f}",
            "frame_rate": str(recording.frame_rate),
            "picture": f"{video.width_px}x{video.height_px} {video.codec}",
            "sound": f"{audio.codec} {audio.sample_rate_hz} Hz" if audio else "none",
            "hints_in_sound": hints.in_words(session, recording.recording_id),
            **chapter_facts(session, recording),
            "probed_with": recording.tool_identity,
            **in_words(described),
            "companions": ", ".join(f"{found.kind} {found.original_name or found.upload_id}" for found in beside)
            or "none",
            **_duplicates(session, recording.recording_id),
            **_damage(session, recording.recording_id),
            **placement_in_words(session, recording),
        },
        [
            *(Ref("original", digest.hex) for digest in recording.originals),
            *(Ref("upload", str(found.upload_id)) for found in beside),
        ],
        became,
        described,
    )


def _duplicates(session: Session, thing: UploadId | RecordingId) -> dict[str, str]:
    """What a thing is the duplicate of, and what is a duplicate of it."""
    said: dict[str, list[str]] = {}
    for pair, counts in links_of(session, thing):
        is_later = pair.later_id == thing
        name = "duplicate_of" if is_later else "has_duplicate"
        other = pair.earlier_id if is_later else pair.later_id
        said.setdefault(name, []).append(f"{pair.kind} {other} ({pair.verdict.value}, {counts}): {pair.reason}")
    return {name: "; ".join(lines) for name, lines in said.items()}


def _damage(session: Session, recording_id: RecordingId) -> dict[str, str]:
    damage = damages.find_damage(session, recording_id)
    if damage is None:
        return {}
    sound = {"lost_sound_s": _listed(damage.sound_spans)} if damage.sound_spans else {}
    return {
        "damage": damage.summary,
        "damaged_s": f"{_listed(damage.spans)}: {damage.reason}",
        **sound,
        "good_frames": str(damage.frames - damage.frames_lost),
        "damaged_because": damage.cause,
    }


def _listed(spans: Sequence[Span]) -> str:
    return ", ".join(f"{float(span.start_s):.3f} to {float(span.end_s):.3f}" for span in spans) or "nowhere"


def _rough(seconds: Fraction) -> str:
    hours = 3600
    return f"{round(seconds / hours)} h" if seconds >= hours else f"{float(seconds):g} s"


def _rendition(session: Session, rendition_id: str) -> _Links:
    rendition = footage.get_rendition(session, RenditionId(UUID(rendition_id)))
    made = clips.clip_renditions_of(session, rendition.rendition_id)
    return _Links(
        {
            "recipe": rendition.recipe_name,
            "sha256": rendition.digest.hex,
            "size_bytes": str(rendition.size_bytes),
            "picture": f"{rendition.width_px}x{rendition.height_px}, {rendition.frame_count} frames",
            "cut_because": rendition.cut_reason,
            "made_with": rendition.tool_identity,
            "beside": ", ".join(
                f"{one.kind} {one.ordinal} ({one.size_bytes} bytes)"
                for one in byproducts.byproducts_of(session, rendition.rendition_id)
            )
            or "nothing",
            "object": f"s3://{rendition.at.bucket}/{rendition.at.key}",
            "version_id": rendition.at.version_id,
        },
        [Ref("recording", str(rendition.recording_id))],
        [Ref("clip", str(clip.clip_id)) for clip in made],
    )


def _clip(session: Session, clip_id: str) -> _Links:
    clip = clips.get_clip(session, ClipId(UUID(clip_id)))
    made = clips.rendition_of_clip(session, clip.clip_id)
    damage = damages.find_damage(session, clip.recording_id)
    part = damage.part_within(clip.span) if damage is not None else None
    became = [Ref("annotation", str(a.annotation_id)) for a in annotations.answers_for(session, clip.clip_id)]
    became += [Ref("encoding", str(one.encoding_id)) for one in encodings.encodings_of(session, clip.clip_id)]
    became += [Ref("release", str(draft.release_id)) for draft in releases.releases_with(session, clip.clip_id)]
    return _Links(
        {
            "span_s": f"{float(clip.span.start_s):.3f} to {float(clip.span.end_s):.3f}",
            "span_exact": f"[{clip.span.start_s}, {clip.span.end_s})",
            "frames": str(made.frame_count),
            **({"damaged": f"yes: some of its {part} is not what was filmed; it enters no release"} if part else {}),
            **_quality(session, clip.clip_id),
            "sha256": made.digest.hex,
            "size_bytes": str(made.size_bytes),
            "object": f"s3://{made.at.bucket}/{made.at.key}",
            "version_id": made.at.version_id,
        },
        [Ref("recording", str(clip.recording_id)), Ref("rendition", str(made.rendition_id))],
        became,
    )


def _quality(session: Session, clip_id: ClipId) -> dict[str, str]:
    assessed = qualities.find_quality(session, clip_id)
    if assessed is None:
        return {}
    found = assessed.quality
    measured = [f"edges {found.blur / 1000:.1f} lines wide", f"moves {found.shift / 10:.1f} % of its width in 0.1 s"]
    measured += [f"mean luma {found.luma_mean / 1000:.0f} of 255"]
    measured += [] if found.loudest_lufs is None else [f"loudest {found.loudest_lufs / 1000:.1f} LUFS"]
    measured += [] if found.ssim is None else [f"SSIM of the rendition {found.ssim / 1000:.3f}"]
    return {
        "quality": "; ".join(f"{one.mark}: {one.reason}" for one in assessed.marks) or "nothing is below the floor",
        "measured": ", ".join(measured),
    }


def _encoding(session: Session, encoding_id: str) -> _Links:
    made = encodings.get_encoding(session, EncodingId(UUID(encoding_id)))
    known = {one.digest: one.encoding_id for one in encodings.encodings_of(session, made.clip_id)}
    sources = [
        Ref("encoding", str(known[digest])) if digest in known else Ref("original", digest.hex)
        for digest in made.inputs
    ]
    return _Links(
        {
            "recipe": f"{made.recipe_name} {made.recipe_version}, {made.recipe_digest}",
            "sha256": made.digest.hex,
            "size_bytes": str(made.size_bytes),
            "picture": f"{made.width_px}x{made.height_px} {made.video_codec}, {made.frame_count} frames",
            "frame_rate": str(made.frame_rate),
            "sound": made.audio_codec or "none",
            "made_with": made.tool_identity,
            "object": f"s3://{made.at.bucket}/{made.at.key}",
            "version_id": made.at.version_id,
        },
        [Ref("clip", str(made.clip_id)), *sources],
        [],
    )


def _annotation(session: Session, annotation_id: str) -> _Links:
    answer = annotations.answers_by_id(session, [AnnotationId(UUID(annotation_id))])[0]
    facts = {
        "annotator": answer.annotator,
        "answered_at": answer.answered_at.isoformat(),
        "collected_at": answer.collected_at.isoformat(),
    }
    if answer.refusal is not None:
        facts["refused_because"] = answer.refusal
    if answer.labels is not None:
        facts["events"] = "; ".join(
            f"{event.kind} {float(event.span.start_s):.3f} to {float(event.span.end_s):.3f} s"
            for event in answer.labels.events
        )
        facts["answers"] = "; ".join(f"{choice.question}: {choice.answer}" for choice in answer.labels.choices)
    return _Links(facts, [Ref("clip", str(answer.clip_id))], [])


def _release(session: Session, release_id: str) -> _Links:
    draft = releases.get_draft(session, ReleaseId(UUID(release_id)))
    seal = releases.find_seal(session, draft.release_id)
    published = releases.find_publication(session, draft.release_id)
    facts = {
        "name": draft.name,
        "version": draft.version,
        "state": "published" if published else "sealed" if seal else "drafted",
        "annotators_min": str(draft.annotators_min),
        "recipes": ", ".join(recipe.name for recipe in draft.recipes),
        "refused": str(len(releases.refusals_of(session, draft.release_id))),
    }
    if seal:
        facts["manifest_sha256"] = seal.manifest_digest.hex
    if published:
        facts["manifest"] = f"s3://{published.at.bucket}/{published.at.key}"
        facts["published_at"] = published.published_at.isoformat()
    return _Links(facts, [Ref("clip", str(m.clip_id)) for m in releases.members_of(session, draft.release_id)], [])


_EXPLAIN: dict[ThingKind, Callable[[Session, str], _Links]] = {
    "exercise": _exercise,
    "upload": _upload,
    "original": _original,
    "recording": _recording,
    "rendition": _rendition,
    "clip": _clip,
    "encoding": _encoding,
    "annotation": _annotation,
    "release": _release,
}
