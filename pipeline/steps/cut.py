"""Cut a rendition into clips that tile it: every frame in one clip, none in two."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.clip import tile
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Clip, ClipRendition, Location, Recording, Rendition
from pipeline.domain.ids import ClipId, RenditionId
from pipeline.records import Database, clips, custody, footage

log = structlog.get_logger()


def cut_rendition(
    rendition_id: RenditionId,
    *,
    working_bucket: str,
    reader: str | None,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> list[ClipId]:
    """Cut one rendition into its clips and record them all at once.

    `reader` is the canonical id given read on each clip, for stores without bucket policies.

    Safe to repeat: a clip's id is derived from recording and span, its object from its bytes. Either all clips of
    the rendition are recorded or none.

    Raises:
        MediaToolError: ffmpeg failed on a rendition of ours; nothing was recorded.
        DigestMismatchError: the stored rendition is not the one that was recorded.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        rendition = footage.get_rendition(session, rendition_id)
        recording = footage.get_recording(session, rendition.recording_id)
        known = clips.clip_renditions_of(session, rendition_id)
    if known:
        _forget(scratch, recording, rendition)
        return [made.clip_id for made in known]
    source = scratch.file_for(rendition.digest)
    if not source.exists():
        at = rendition.at
        store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=rendition.digest)
    planned = tile(rendition.cut_frames, rendition.frame_count, recording.frame_rate)
    cut_at = clock()
    made: list[tuple[Clip, ClipRendition]] = []
    with scratch.folder() as folder:
        for plan, path in zip(planned, media.cut(source, planned, folder), strict=True):
            with path.open("rb") as stream:
                digest = Sha256.of_stream(stream)
            clip_id = Clip.id_for(recording.recording_id, plan.span)
            stored = store.put_once(
                working_bucket,
                keys.clip_key(rendition_id, clip_id, digest),
                path,
                digest=digest,
                media_type="video/mp4",
                reader=reader,
            )
            made.append(
                (
                    Clip(clip_id, recording.recording_id, plan.ordinal, plan.span, cut_at),
                    ClipRendition(
                        clip_id=clip_id,
                        rendition_id=rendition_id,
                        digest=digest,
                        at=Location(stored.bucket, stored.key, stored.version_id),
                        size_bytes=stored.size_bytes,
                        frame_count=plan.end_frame - plan.start_frame,
                    ),
                )
            )
    with db.begin() as session:
        for clip, clip_rendition in made:
            clips.add_clip(session, clip)
            if clips.add_clip_rendition(session, clip_rendition):
                custody.append(session, _was_cut(clip, clip_rendition))
    _forget(scratch, recording, rendition)
    log.info("rendition_cut", rendition_id=str(rendition_id), clips=len(made))
    return [clip.clip_id for clip, _ in made]


def _forget(scratch: Scratch, recording: Recording, rendition: Rendition) -> None:
    """Cutting is the last step that reads these bytes on this machine."""
    for digest in (*recording.originals, rendition.digest):
        scratch.drop(digest)


def _was_cut(clip: Clip, made: ClipRendition) -> CustodyEvent:
    return CustodyEvent(
        "cut",
        "clip",
        str(clip.clip_id),
        clip.cut_at,
        {
            "recording_id": str(clip.recording_id),
            "rendition_id": str(made.rendition_id),
            "digest": made.digest.hex,
            "version_id": made.at.version_id,
            "start_s": str(clip.span.start_s),
            "end_s": str(clip.span.end_s),
        },
    )
