"""Make a recording viewable: one decode, one encode, with a keyframe wherever a clip will begin.

Sound for analysis, thumbnails and measures come out of the same decode, and are recorded with the rendition.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import structlog

from pipeline.adapters.ffmpeg import Beside, Ffmpeg, Rendered
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.pictures import measure_motion
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location, Recording, Rendition
from pipeline.domain.ids import RecordingId, RenditionId
from pipeline.domain.measures import Measures
from pipeline.domain.recipe import Recipe
from pipeline.errors import MediaToolError
from pipeline.records import Database, chapters, custody, damages, footage
from pipeline.records.byproducts import add_byproduct

log = structlog.get_logger()


def render_recording(
    recording_id: RecordingId,
    *,
    recipe: Recipe,
    policy: ClipPolicy,
    working_bucket: str,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
    progress: Callable[[Fraction], None] | None = None,
) -> RenditionId:
    """Render one recording by a recipe.

    Safe to repeat: a rendition that is recorded is not made again; one that was made but not recorded is made again,
    byte for byte the same, and stored once. Of a long recording, what a killed process had encoded on this machine is
    used by the next.

    Raises:
        DamagedMediaError: frames do not decode, and the recording is not marked as damaged; nothing was stored.
        MediaToolError: ffmpeg was killed or ran out of something; nothing was stored.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        recording = footage.get_recording(session, recording_id)
        known = footage.find_rendition(session, recording_id, recipe.digest)
        damage = damages.find_damage(session, recording_id)
        parts = chapters.chapters_of(session, recording)
        originals = [footage.get_original(session, digest) for digest in recording.originals]
    if known is not None:
        scratch.finish(str(known.rendition_id))
        return known.rendition_id
    for original in originals:
        source, at = scratch.file_for(original.digest), original.at
        if not source.exists():
            store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=original.digest)
    rendition_id = Rendition.id_for(recording_id, recipe.digest, media.identity)
    breaks = [part.start_frame for part in parts if part.join is not None and part.join.is_broken]
    plan = plan_clips(facts=recording.facts, policy=policy, breaks=breaks)
    with scratch.folder() as folder:
        target, beside = folder / "rendition.mp4", folder / "beside"
        rendered = media.render_chapters(
            [(scratch.file_for(part.digest), part.facts) for part in parts],
            recording.facts,
            recipe,
            cut_frames=[clip.start_frame for clip in plan.clips],
            target=target,
            beside=beside,
            is_damaged=damage is not None,
            unfinished=scratch.unfinished(str(rendition_id)),
            progress=progress,
        )
        with target.open("rb") as stream:
            digest = Sha256.of_stream(stream)
        key = keys.rendition_key(recording_id, rendition_id, digest)
        with ThreadPoolExecutor(1, thread_name_prefix="send") as pool:
            # It goes up while what lies beside it is looked at.
            sending = pool.submit(store.put_once, working_bucket, key, target, digest=digest, media_type="video/mp4")
            beside_it = _beside(rendition_id, rendered)
            measures = Measures(beside_it.picture, measure_motion(beside_it.grey), beside_it.loudness)
            stored = sending.result()
        byproducts = _store_byproducts(
            rendition_id, beside_it, measures, folder, working_bucket=working_bucket, store=store
        )
        _leave_for_comparing(rendered, scratch.beside(digest))
        target.rename(scratch.file_for(digest))  # cutting reads the same bytes next
    rendition = Rendition(
        rendition_id=rendition_id,
        recording_id=recording_id,
        recipe_name=recipe.name,
        recipe_digest=recipe.digest,
        tool_identity=media.identity,
        digest=digest,
        at=Location(stored.bucket, stored.key, stored.version_id),
        size_bytes=stored.size_bytes,
        frame_count=rendered.frame_count,
        width_px=rendered.width_px,
        height_px=rendered.height_px,
        cut_frames=tuple(clip.start_frame for clip in plan.clips),
        cut_reason=plan.reason,
        rendered_at=clock(),
    )
    with db.begin() as session:
        if footage.add_rendition(session, rendition):
            for made in byproducts:
                add_byproduct(session, made)
            custody.append(session, _was_rendered(recording, rendition, byproducts))
    scratch.finish(str(rendition_id))
    log.info("recording_rendered", recording_id=str(recording_id), rendition_id=str(rendition.rendition_id))
    return rendition.rendition_id


def _beside(rendition_id: RenditionId, rendered: Rendered) -> Beside:
    if rendered.beside is None:
        raise MediaToolError(f"expected by-products beside rendition {rendition_id}, found none")
    return rendered.beside


def _store_byproducts(
    rendition_id: RenditionId,
    beside: Beside,
    measures: Measures,
    folder: Path,
    *,
    working_bucket: str,
    store: ObjectStore,
) -> list[Byproduct]:
    """Store what came out beside the rendition; each is named by its bytes: storing it again changes nothing."""
    measured = folder / "measures.json"
    measured.write_bytes(measures.to_bytes())
    found = [(ByproductKind.MEASURES, 0, measured, "application/json")]
    found += [(ByproductKind.THUMBNAILS, number, path, "image/jpeg") for number, path in enumerate(beside.sheets)]
    found.append((ByproductKind.CONTACT_SHEET, 0, beside.contact_sheet, "image/jpeg"))
    if beside.sound is not None:
        found.append((ByproductKind.SOUND, 0, beside.sound, "audio/wav"))
    made = []
    for kind, ordinal, path, media_type in found:
        with path.open("rb") as stream:
            digest = Sha256.of_stream(stream)
        key = keys.byproduct_key(rendition_id, kind, ordinal, digest)
        stored = store.put_once(working_bucket, key, path, digest=digest, media_type=media_type)
        at = Location(stored.bucket, stored.key, stored.version_id)
        made.append(Byproduct(rendition_id, kind, ordinal, digest, at, stored.size_bytes))
    return made


def _leave_for_comparing(rendered: Rendered, folder: Path) -> None:
    """Pictures that comparing looks at next; where it runs elsewhere, it takes them from the rendition."""
    if rendered.beside is not None:
        folder.mkdir(parents=True, exist_ok=True)
        for path in (rendered.beside.grey, rendered.beside.bars):
            path.replace(folder / path.name)


def _was_rendered(recording: Recording, rendition: Rendition, byproducts: list[Byproduct]) -> CustodyEvent:
    beside = {f"{made.kind}_{made.ordinal}": made.digest.hex for made in byproducts}
    return CustodyEvent(
        "rendered",
        "rendition",
        str(rendition.rendition_id),
        rendition.rendered_at,
        {
            "recording_id": str(recording.recording_id),
            "digest": rendition.digest.hex,
            "version_id": rendition.at.version_id,
            "recipe": rendition.recipe_digest.hex,
            "tool": rendition.tool_identity,
            **beside,
        },
    )
