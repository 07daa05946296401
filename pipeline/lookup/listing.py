"""Which exercises, recordings, clips, releases and refused uploads are there?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from pipeline.domain.assignment import exercise_for
from pipeline.domain.clock import CorrectedStart
from pipeline.domain.digest import Sha256
from pipeline.domain.exercise import ExerciseDeclaration, call_cameras
from pipeline.domain.footage import Recording
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.domain.sound_hint import HintKind
from pipeline.records import (
    Database,
    assignments,
    audits,
    clips,
    companions,
    damages,
    decisions,
    exercises,
    footage,
    overview,
    qualities,
    releases,
    sound_hints,
)
from pipeline.records.audits import Audit
from pipeline.records.began import began


@dataclass(frozen=True, slots=True)
class ExerciseLine:
    """One exercise."""

    exercise_id: str
    uploads: int
    recordings: int
    clips: int
    quarantined: int
    first_seen_at: datetime
    scenario: str | None
    """This and the next three are null until it is declared."""
    days: str | None
    site: str | None
    weapons: str | None
    undeclared_cameras: tuple[str, ...]
    silent_cameras: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordingLine:
    """One recording."""

    recording_id: UUID
    exercise_id: str
    camera_serial: str
    duration_s: Fraction
    frame_rate: Fraction
    width_px: int
    height_px: int
    has_audio: bool
    companions: "tuple[CompanionLine, ...]"
    clips: int
    damage: str | None
    """What is lost of it; null where every frame decodes."""
    impulse_hints: int | None
    """How many sounds in it may be shots; null where nobody has listened."""
    speech_hints: int | None
    probed_at: datetime
    began_at: datetime
    """As its clocks tell together; `firsthand show` says why."""
    began_uncertainty_s: Fraction
    began_because: str
    began_disagreements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompanionLine:
    """One file that belongs to footage, and the recording that it belongs to, once there is one."""

    upload_id: UUID
    kind: str
    exercise_id: str | None
    camera_serial: str | None
    original_name: str | None
    size_bytes: int
    digest: Sha256 | None
    recording_id: UUID | None


@dataclass(frozen=True, slots=True)
class ClipLine:
    """One clip; times are on the timeline of its recording."""

    clip_id: UUID
    recording_id: UUID
    ordinal: int
    start_s: Fraction
    end_s: Fraction
    annotations: int
    releases: int
    marks: tuple[str, ...]
    """What of its picture or sound is below the floor of quality."""
    cut_at: datetime


@dataclass(frozen=True, slots=True)
class ReleaseLine:
    """One release."""

    release_id: UUID
    name: str
    version: str
    state: str
    clips: int
    refused: int
    manifest_sha256: str | None
    drafted_at: datetime


@dataclass(frozen=True, slots=True)
class WaitingLine:
    """One upload that belongs to no exercise yet."""

    upload_id: UUID
    camera_serial: str | None
    claimed_start_at: datetime | None
    size_bytes: int
    because: str
    received_at: datetime


@dataclass(frozen=True, slots=True)
class QuarantineLine:
    """One refused upload."""

    upload_id: UUID
    exercise_id: str | None
    camera_serial: str | None
    original_name: str | None
    size_bytes: int
    error_kind: str
    reason: str
    quarantined_at: datetime
    rejected_by: str | None
    """Who decided that it stays in quarantine for good."""


def list_exercises(db: Database) -> list[ExerciseLine]:
    """Every exercise, the one known longest first."""
    with db.begin() as session:
        declared = {said.exercise_id: said for said in exercises.newest_declarations(session)}
        return [
            _exercise_line(
                row,
                declared.get(ExerciseId(row.exercise_id)),
                exercises.cameras_of(session, ExerciseId(row.exercise_id)),
            )
            for row in overview.exercises(session)
        ]


def _exercise_line(
    row: overview.ExerciseCounts, declared: ExerciseDeclaration | None, sent: list[CameraSerial]
) -> ExerciseLine:
    roll = call_cameras(declared, sent)
    return ExerciseLine(
        row.exercise_id,
        row.uploads,
        row.recordings,
        row.clips,
        row.quarantined,
        row.first_seen_at,
        scenario=declared.scenario if declared else None,
        days=declared.days if declared else None,
        site=declared.site if declared else None,
        weapons=", ".join(f"{weapon.kind} ({weapon.ammunition})" for weapon in declared.weapons) if declared else None,
        undeclared_cameras=roll.undeclared,
        silent_cameras=roll.silent,
    )


def list_recordings(db: Database, *, exercise_id: str | None = None) -> list[RecordingLine]:
    """Every recording, of one exercise or of all."""
    with db.begin() as session:
        counts = overview.clips_by_recording(session)
        beside: dict[UUID, list[CompanionLine]] = {}
        for found in companions.all_companions(session, exercise_id):
            if found.recording_id is not None:
                beside.setdefault(found.recording_id, []).append(_companion_line(found))
        damaged = damages.all_damages(session)
        heard = sound_hints.counts_by_recording(session)
        return [
            _recording_line(
                recording,
                clip_count=counts.get(recording.recording_id, 0),
                beside=tuple(beside.get(recording.recording_id, ())),
                damage=lost.summary if (lost := damaged.get(recording.recording_id)) else None,
                hints=heard.get(recording.recording_id, {}),
                start=began(
                    session,
                    recording,
                    [line.digest for line in beside.get(recording.recording_id, ()) if line.digest is not None],
                ),
            )
            for recording in footage.all_recordings(session, exercise_id)
        ]


def list_companions(db: Database, *, exercise_id: str | None = None) -> list[CompanionLine]:
    """Every companion of footage, of one exercise or of all, in the order of arrival."""
    with db.begin() as session:
        return [_companion_line(found) for found in companions.all_companions(session, exercise_id)]


def _recording_line(
    recording: Recording,
    *,
    clip_count: int,
    beside: tuple[CompanionLine, ...],
    damage: str | None,
    hints: Mapping[HintKind, int],
    start: CorrectedStart,
) -> RecordingLine:
    return RecordingLine(
        recording_id=recording.recording_id,
        exercise_id=recording.exercise_id,
        camera_serial=recording.camera_serial,
        duration_s=recording.duration_s,
        frame_rate=recording.frame_rate,
        width_px=recording.facts.video.width_px,
        height_px=recording.facts.video.height_px,
        has_audio=recording.facts.audio is not None,
        companions=beside,
        clips=clip_count,
        damage=damage,
        impulse_hints=hints.get(HintKind.IMPULSE),
        speech_hints=hints.get(HintKind.SPEECH),
        probed_at=recording.probed_at,
        began_at=start.start_at,
        began_uncertainty_s=start.uncertainty_s,
        began_because=start.because,
        began_disagreements=start.disagreements,
    )


def list_clips(db: Database, *, exercise_id: str | None = None, recording_id: UUID | None = None) -> list[ClipLine]:
    """Every clip, of one exercise or recording or of all, in the order of time."""
    with db.begin() as session:
        answers, members = overview.annotations_by_clip(session), overview.releases_by_clip(session)
        found = [clip for clip in clips.all_clips(session, exercise_id) if recording_id in (None, clip.recording_id)]
        assessed = qualities.qualities_of(session, [clip.clip_id for clip in found])
        return [
            ClipLine(
                clip_id=clip.clip_id,
                recording_id=clip.recording_id,
                ordinal=clip.ordinal,
                start_s=clip.span.start_s,
                end_s=clip.span.end_s,
                annotations=answers.get(clip.clip_id, 0),
                releases=members.get(clip.clip_id, 0),
                marks=tuple(one.mark.value for one in assessed[clip.clip_id].marks) if clip.clip_id in assessed else (),
                cut_at=clip.cut_at,
            )
            for clip in found
        ]


def list_releases(db: Database) -> list[ReleaseLine]:
    """Every release, oldest first."""
    with db.begin() as session:
        lines = []
        for draft in releases.all_drafts(session):
            seal = releases.find_seal(session, draft.release_id)
            published = releases.find_publication(session, draft.release_id)
            lines.append(
                ReleaseLine(
                    release_id=draft.release_id,
                    name=draft.name,
                    version=draft.version,
                    state="published" if published else "sealed" if seal else "drafted",
                    clips=len(releases.members_of(session, draft.release_id)),
                    refused=len(releases.refusals_of(session, draft.release_id)),
                    manifest_sha256=seal.manifest_digest.hex if seal else None,
                    drafted_at=draft.drafted_at,
                )
            )
        return lines


def list_waiting(db: Database) -> list[WaitingLine]:
    """Every upload that waits for an exercise, oldest first, with why no declared exercise fits."""
    with db.begin() as session:
        waiting = assignments.waiting_for_exercise(session)
        declarations = exercises.newest_declarations(session) if waiting else []
    return [
        WaitingLine(
            upload_id=upload.upload_id,
            camera_serial=upload.camera_serial,
            claimed_start_at=upload.claimed_start_at,
            size_bytes=upload.size_bytes,
            because=exercise_for(upload.camera_serial, upload.claimed_start_at, declarations).because,
            received_at=upload.received_at,
        )
        for upload in waiting
        if upload.camera_serial is not None
    ]


def list_quarantine(db: Database) -> list[QuarantineLine]:
    """Every refused upload, oldest first."""
    with db.begin() as session:
        rejected = decisions.rejections(session)
        return [
            QuarantineLine(
                upload_id=refusal.upload.upload_id,
                exercise_id=refusal.upload.exercise_id,
                camera_serial=refusal.upload.camera_serial,
                original_name=refusal.upload.original_name,
                size_bytes=refusal.upload.size_bytes,
                error_kind=refusal.error_kind,
                reason=refusal.reason,
                quarantined_at=refusal.quarantined_at,
                rejected_by=decision.decided_by if (decision := rejected.get(refusal.upload.upload_id)) else None,
            )
            for refusal in footage.quarantined(session)
        ]


def list_audits(db: Database) -> list[Audit]:
    """Every audit, oldest first."""
    with db.begin() as session:
        return audits.all_audits(session)


def _companion_line(found: companions.Companion) -> CompanionLine:
    return CompanionLine(
        upload_id=found.upload_id,
        kind=found.kind,
        exercise_id=found.exercise_id,
        camera_serial=found.camera_serial,
        original_name=found.original_name,
        size_bytes=found.size_bytes,
        digest=found.digest,
        recording_id=found.recording_id,
    )
