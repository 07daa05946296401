"""Judge the picture and the sound of each clip of a rendition: below the floor it is marked, never dropped.

Before they are cut, because they may be sent out at once; again when there is another rule.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.byproduct import ByproductKind
from pipeline.domain.clip import PlannedClip, tile
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.footage import Chapter, Clip, Rendition
from pipeline.domain.ids import RenditionId
from pipeline.domain.measures import Measures
from pipeline.domain.quality import RULE_VERSION, Floor, assess_clip, compared_clips, marks_of
from pipeline.records import Database, byproducts, chapters, custody, damages, footage, qualities
from pipeline.records.qualities import AssessedClip

log = structlog.get_logger()

COMPARED_CLIPS = 2
"""Clips of a recording whose rendition is compared with its source: each costs a quarter of a CPU-second."""


def assess_clips(
    rendition_id: RenditionId,
    *,
    floor: Floor,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
    rule_version: int = RULE_VERSION,
) -> int:
    """Judge every clip of one rendition by what was measured while it was made.

    Where rendition and originals lie on this machine, as after rendering, a few clips are compared with their source;
    elsewhere what an earlier judgement found by comparing them stays known.
    Safe to repeat: what this version of the rule judged stays as it is, and is recorded for all clips at once or for
    none.

    Returns:
        How many clips are below the floor; 0 also where an older Firsthand rendered and measured nothing.

    Raises:
        DigestMismatchError: the stored measures are not those that were recorded.
        MediaToolError: ffmpeg was stopped from outside; nothing was recorded.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
        recording = footage.get_recording(session, rendition.recording_id)
        stored = byproducts.find_byproduct(session, rendition_id, ByproductKind.MEASURES)
        damage = damages.find_damage(session, recording.recording_id)
        parts = chapters.chapters_of(session, recording)
        before = qualities.qualities_by(session, rendition_id)
        is_judged = stored is None or qualities.is_assessed(session, rendition_id, rule_version)
    if stored is None or is_judged:
        return 0
    with scratch.folder() as folder:
        path = folder / "measures"
        store.fetch(stored.at.bucket, stored.at.key, path, version_id=stored.at.version_id, expect=stored.digest)
        measures = Measures.from_bytes(path.read_bytes())
    planned = tile(rendition.cut_frames, rendition.frame_count, recording.frame_rate)
    likeness = {} if damage else _compare(planned, rendition, parts, scratch=scratch, media=media)
    compared = {clip_id: one.quality.ssim for clip_id, one in before.items()}
    at = clock()
    judged: list[AssessedClip] = []
    for plan in planned:
        clip_id = Clip.id_for(recording.recording_id, plan.span)
        quality = assess_clip(
            plan.span,
            measures,
            damage=damage,
            frame_rate=recording.frame_rate,
            ssim=likeness.get(plan.ordinal, compared.get(clip_id)),
            floor=floor,
        )
        judged.append(AssessedClip(clip_id, rendition_id, rule_version, quality, marks_of(quality, floor), at))
    below = sum(bool(one.marks) for one in judged)
    with db.begin() as session:
        are_new = [qualities.add_quality(session, one) for one in judged]
        if all(are_new):
            details = {"rule": str(rule_version), "clips": str(len(judged)), "below_floor": str(below)}
            custody.append(session, CustodyEvent("assessed", "rendition", str(rendition_id), at, details))
    log.info("clips_assessed", rendition_id=str(rendition_id), clips=len(judged), below_floor=below)
    return below


def _compare(
    planned: Sequence[PlannedClip],
    rendition: Rendition,
    parts: Sequence[Chapter],
    *,
    scratch: Scratch,
    media: Ffmpeg,
) -> dict[int, int]:
    """The likeness of a few clips to their source, by ordinal: of those that begin at a keyframe of a file here."""
    shown = scratch.file_for(rendition.digest)
    if not shown.exists() or any(part.facts.video.is_variable_rate for part in parts):
        return {}

    def likeness(ordinal: int) -> int | None:
        start_frame = planned[ordinal].start_frame
        part = next(part for part in reversed(parts) if part.start_frame <= start_frame)
        keyframes = dict(zip(part.facts.video.keyframe_frames, part.facts.video.keyframes_s, strict=False))
        from_s = keyframes.get(start_frame - part.start_frame)
        source = scratch.file_for(part.digest)
        if from_s is None or not source.exists():
            return None
        return media.likeness(
            source,
            shown,
            part.facts,
            from_s=from_s,
            rendition_from_s=planned[ordinal].span.start_s,
            size_px=(rendition.width_px, rendition.height_px),
        )

    ordinals = compared_clips(len(planned), COMPARED_CLIPS)
    # Each is a process of one thread.
    with ThreadPoolExecutor(COMPARED_CLIPS, thread_name_prefix="compare") as pool:
        found = dict(zip(ordinals, pool.map(likeness, ordinals), strict=True))
    return {ordinal: ssim for ordinal, ssim in found.items() if ssim is not None}
