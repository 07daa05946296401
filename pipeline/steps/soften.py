"""Make softened bytes of every clip about which somebody warned."""

from collections.abc import Callable
from datetime import datetime

import structlog

from pipeline.adapters.ffmpeg import Ffmpeg, index_comes_first
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId
from pipeline.domain.media_gate import misfits
from pipeline.errors import RenditionMismatchError
from pipeline.records import Database, clips, custody, softened
from pipeline.records.clips import ShownClip
from pipeline.records.softened import SoftenedClip

log = structlog.get_logger()


def soften_clips(
    *,
    working_bucket: str,
    reader: str | None,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    db: Database,
    clock: Callable[[], datetime],
) -> list[ClipId]:
    """Make, of each clip about which somebody warned, bytes without colour, detail and sound, frame by frame the same.

    Safe to repeat: what is made is recorded clip by clip, and named by its content.

    Args:
        working_bucket: where clips lie.
        reader: canonical id given read on what is made, for stores without bucket policies.
        store: the object store.
        scratch: the working folder.
        media: ffmpeg.
        db: the records.
        clock: now.

    Returns:
        The clips that were softened now.

    Raises:
        MissingObjectError, DigestMismatchError: a clip is not in the store as it was recorded.
        StoreUnavailableError: S3 did not answer; what was made so far is recorded.
        RenditionMismatchError: what was made has not the clip's frames; nothing of it was stored.
    """
    with db.begin() as session:
        waiting = softened.not_softened(session)
        shown = clips.shown_clips(session, waiting)
    for clip_id in waiting:
        part = shown[clip_id]
        made = _soften(part, working_bucket, reader, store=store, scratch=scratch, media=media, at=clock())
        with db.begin() as session:
            if softened.add_softened(session, made):
                custody.append(session, _was_softened(made))
        log.info("clip_softened", clip_id=str(clip_id))
    return waiting


def _soften(
    part: ShownClip,
    bucket: str,
    reader: str | None,
    *,
    store: ObjectStore,
    scratch: Scratch,
    media: Ffmpeg,
    at: datetime,
) -> SoftenedClip:
    made_of = part.made
    with scratch.folder() as folder:
        source, target = folder / "clip.mp4", folder / "softened.mp4"
        store.fetch(made_of.at.bucket, made_of.at.key, source, version_id=made_of.at.version_id, expect=made_of.digest)
        media.soften(source, part.frame_rate, target)
        found = misfits(
            media.probe(target),
            index_comes_first=index_comes_first(target),
            frame_rate=part.frame_rate,
            frame_count=made_of.frame_count,
        )
        if found:
            raise RenditionMismatchError(f"clip {part.clip.clip_id}, softened: {'; '.join(found)}")
        with target.open("rb") as stream:
            digest = Sha256.of_stream(stream)
        stored = store.put_once(
            bucket,
            keys.clip_key(made_of.rendition_id, part.clip.clip_id, digest),
            target,
            digest=digest,
            media_type="video/mp4",
            reader=reader,
        )
    return SoftenedClip(
        clip_id=part.clip.clip_id,
        clip_digest=made_of.digest,
        digest=digest,
        at=Location(stored.bucket, stored.key, stored.version_id),
        size_bytes=stored.size_bytes,
        tool_identity=media.identity,
        softened_at=at,
    )


def _was_softened(made: SoftenedClip) -> CustodyEvent:
    return CustodyEvent(
        "softened",
        "clip",
        str(made.clip_id),
        made.softened_at,
        {"of": made.clip_digest.hex, "digest": made.digest.hex, "tool": made.tool_identity},
    )
