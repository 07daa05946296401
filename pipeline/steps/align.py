"""Lay the recordings of an exercise out on one common timeline: by what they hear together, else by their clocks."""

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from uuid import UUID

import structlog

from pipeline.adapters.correlation import DETECTOR, Listened, compare_sounds, listen, open_sound
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.alignment import (
    Alignment,
    AlignmentId,
    Hearing,
    Pair,
    PairToHear,
    Stretch,
    judge_hearing,
    lay_out,
    method_of,
    pairs_to_hear,
    stretches_of,
)
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.domain.ids import ExerciseId, derive
from pipeline.records import (
    Database,
    Session,
    alignments,
    byproducts,
    chapters,
    custody,
    footage,
)
from pipeline.records.began import began
from pipeline.records.usable import usable_recordings

log = structlog.get_logger()

LISTENED_MAX = 16
"""Envelopes kept in memory: ten megabytes for an hour of sound."""

DETECTED_WITH = method_of(DETECTOR)


def align_exercise(
    exercise_id: ExerciseId,
    *,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] | None = None,
) -> AlignmentId:
    """Align all recordings of an exercise that are cut, and neither refused nor other ones over again.

    Safe to repeat: where recordings, sounds, clocks and rules are those of the newest alignment, nothing is done. Each
    comparison of two sounds is recorded when it is made, so that a killed run goes on there, and that a recording which
    comes later costs only its own comparisons.

    Raises:
        DigestMismatchError: a stored sound is not the one that was recorded.
        MissingObjectError: a sound that the records name is not in the store.
        StoreUnavailableError: S3 did not answer; comparisons that were made are recorded.
    """
    with db.begin() as session:
        sounds: dict[Sha256, Byproduct] = {}
        stretches = [
            one for recording in _recordings(session, exercise_id) for one in _stretches(session, recording, sounds)
        ]
        newest = alignments.newest_alignment(session, exercise_id)
    inputs_digest = _digest_of(stretches)
    if newest is not None and newest.inputs_digest == inputs_digest:
        return newest.alignment_id

    pairs = []
    to_hear = pairs_to_hear(stretches)
    # A folder of its own: recordings of two exercises may sound the same, as silent ones do, and be aligned at once.
    with scratch.folder() as folder:

        @lru_cache(maxsize=LISTENED_MAX)
        def listened(stretch: Stretch) -> Listened:
            return _listen(stretch, sounds, store, folder)

        for number, pair in enumerate(to_hear, start=1):
            hearing = _hear(pair, listened, db=db, clock=clock)
            pairs.append(Pair(pair.first.key, pair.second.key, judge_hearing(hearing)))
            if progress:
                progress(number, len(to_hear))
    timeline = lay_out(stretches, pairs)
    with db.begin() as session:
        alignments.take_turn(session, exercise_id)
        newest = alignments.newest_alignment(session, exercise_id)
        if newest is not None and newest.inputs_digest == inputs_digest:
            return newest.alignment_id
        number = newest.number + 1 if newest is not None else 1
        alignment_id = Alignment.id_for(exercise_id, number, inputs_digest)
        made = Alignment(alignment_id, exercise_id, number, inputs_digest, DETECTED_WITH, timeline, clock())
        alignments.add_alignment(session, made)
        custody.append(session, _was_aligned(made))
    log.info("exercise_aligned", exercise_id=exercise_id, alignment_id=str(alignment_id), pairs=len(pairs))
    return alignment_id


def _recordings(session: Session, exercise_id: ExerciseId) -> list[Recording]:
    taken = usable_recordings(session, exercise_id)
    return [one for one in footage.all_recordings(session, exercise_id) if one.recording_id in taken]


def _stretches(session: Session, recording: Recording, sounds: dict[Sha256, Byproduct]) -> list[Stretch]:
    """The stretches of a recording; where its sound lies is added to `sounds`."""
    found = (
        byproducts.find_byproduct(session, rendition.rendition_id, ByproductKind.SOUND)
        for rendition in footage.all_renditions(session, recording.recording_id)
    )
    sound = next((one for one in found if one is not None), None) if recording.facts.audio is not None else None
    if sound is not None:
        sounds[sound.digest] = sound
    parts = chapters.chapters_of(session, recording)
    return stretches_of(recording, parts, began(session, recording), sound.digest if sound is not None else None)


def _digest_of(stretches: list[Stretch]) -> Sha256:
    """What makes two alignments the same: everything that they were made from."""
    lines = [
        f"{one.key.recording_id} {one.key.ordinal} {one.span.start_s} {one.span.end_s} {one.camera_serial} {one.sound}"
        f" {one.clock.start_at.isoformat()} {one.clock.uncertainty_s} {one.clock.source} {one.gap_s}"
        f" {one.gap_uncertainty_s}"
        for one in sorted(stretches, key=lambda one: one.key)
    ]
    return Sha256.of("\n".join([DETECTED_WITH, *lines]).encode())


def _hear(
    pair: PairToHear, listened: Callable[[Stretch], Listened], *, db: Database, clock: Callable[[], datetime]
) -> Hearing:
    """What comparing two sounds shows, from the records where that was done before."""
    first, second = pair.first, pair.second
    if first.sound is None or second.sound is None:
        raise ValueError("a pair to hear has sound on both sides")
    comparison_id: UUID = derive(
        "sound-comparison",
        DETECTOR,
        *(part for one in (first, second) for part in (one.sound, one.span.start_s, one.span.end_s)),
        pair.lag_min_s,
        pair.lag_max_s,
    )
    with db.begin() as session:
        known = alignments.find_comparison(session, comparison_id)
    if known is not None:
        return known
    hearing = compare_sounds(
        listened(first),
        listened(second),
        within=(pair.lag_min_s, pair.lag_max_s),
        shared_min_s=pair.shared_min_s,
    )
    with db.begin() as session:
        alignments.add_comparison(
            session, comparison_id, hearing, sounds=(first.sound, second.sound), detector=DETECTOR, at=clock()
        )
    return hearing


def _listen(stretch: Stretch, sounds: dict[Sha256, Byproduct], store: ObjectStore, folder: Path) -> Listened:
    if stretch.sound is None:
        raise ValueError("a stretch without sound cannot be listened to")
    source, at = folder / stretch.sound.hex, sounds[stretch.sound].at
    if not source.exists():
        store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=stretch.sound)
    return listen(open_sound(source, stretch.span))


def _was_aligned(made: Alignment) -> CustodyEvent:
    details = {
        "alignment_id": str(made.alignment_id),
        "number": str(made.number),
        "inputs": made.inputs_digest.hex,
        "detector": made.detector,
        "placed": str(len({one.key.recording_id for one in made.timeline.placements})),
        "refused": str(len({one.key.recording_id for one in made.timeline.unplaced})),
    }
    return CustodyEvent("aligned", "exercise", made.exercise_id, made.aligned_at, details)
