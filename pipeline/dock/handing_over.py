"""How does a recording that was called complete become uploads, once?

Everything happens in the transaction that records the completion: either the recording is complete and its uploads
exist, or neither. The dock does not know the exercise; a declaration that names the camera and the day tells it, and
until then the uploads wait.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from pipeline.domain import docking
from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.claim import UploadClaim
from pipeline.domain.clock_claim import clocks_of_claim
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.docking import Clip, ContainerKind, DockObject
from pipeline.domain.footage import Upload
from pipeline.domain.ids import derive
from pipeline.errors import NotPermittedError
from pipeline.records import Session, custody, facts, footage
from pipeline.records import docking as records

_ANY_TIME: Final = datetime.max.replace(tzinfo=UTC) - docking.CLOCK_TOLERANCE
"""Whether its time is possible was asked when the container was made."""


def hand_over(session: Session, container: str, kind: ContainerKind, *, clock: Callable[[], datetime]) -> int:
    """Record that a container is complete, and its objects as uploads; how many there are.

    Clips become chapters of one recording, in the order in which they began; keys, trails and bookmarks become its
    companions. A bookmark without words has no bytes to keep: what was said of it is in the records. What was refused
    before and came back as rejected content is quarantined. Safe to repeat: the second time there is nothing to do.
    """
    if not records.complete(session, container, at=clock()):
        return 0
    found = {one.name: one for one in records.objects_of(session, container)}
    if kind == "rejected":
        return _quarantine_all(session, found, clock=clock)
    named = docking.recording_name(container, now=_ANY_TIME)
    clips = docking.in_order(
        Clip(name, docking.clip_start(records.said_of(session, container, name)))
        for name in found
        if docking.object_role(name) == "clip"
    )
    for number, clip in enumerate(clips, start=1):
        upload = replace(
            _upload(found[clip.name], at=clock()),
            camera_serial=named.camera_serial,
            chapter=ChapterPlace(str(_series(container)), number) if len(clips) > 1 else None,
            claimed_start_at=clip.start_at or named.triggered_at,
            name_group=_series(container),
        )
        _register(session, upload, found[clip.name], key_name=docking.key_name_of(clip.name, found))
    companions = [one for one in found.values() if docking.object_role(one.name) != "clip" and one.size_bytes]
    for one in companions:
        upload = replace(
            _upload(one, at=clock()),
            camera_serial=named.camera_serial,
            claimed_start_at=named.triggered_at,
            companion_kind="track" if docking.object_role(one.name) == "track" else "manifest",
            name_group=_series(container),
        )
        _register(session, upload, one, key_name=docking.key_name_of(one.name, found))
    return len(clips) + len(companions)


def _series(container: str) -> UUID:
    """What the clips of a recording and everything beside them have in common."""
    return derive("dock-container", container)


def _quarantine_all(session: Session, found: Mapping[str, DockObject], *, clock: Callable[[], datetime]) -> int:
    """Rejected content is kept where people look for what was refused, and where it can be released."""
    refusal = NotPermittedError("the dock refused this recording, and its station sent it as rejected content")
    for one in found.values():
        upload = _upload(one, at=clock())
        _register(session, upload, one, key_name=docking.key_name_of(one.name, found))
        kind, at = type(refusal).__name__, clock()
        footage.quarantine(session, upload.upload_id, error_kind=kind, reason=str(refusal), at=at)
        custody.append(session, CustodyEvent("quarantined", "upload", str(upload.upload_id), at, {"kind": kind}))
    return len(found)


def _upload(found: DockObject, *, at: datetime) -> Upload:
    return Upload(
        upload_id=Upload.id_for(found.at),
        at=found.at,
        etag=found.md5,
        size_bytes=found.size_bytes,
        exercise_id=None,
        camera_serial=None,
        original_name=found.name.rpartition("/")[2] or None,
        claimed_digest=found.digest,
        received_at=at,
    )


def _register(session: Session, upload: Upload, found: DockObject, *, key_name: str | None) -> None:
    footage.add_upload(session, upload)
    claim = UploadClaim(started_at=upload.claimed_start_at)
    facts.add_clocks(session, upload.upload_id, clocks_of_claim(claim, received_at=upload.received_at))
    records.link_upload(session, upload.upload_id, found.container, found.name, key_name)
    custody.append(
        session,
        CustodyEvent(
            "received",
            "upload",
            str(upload.upload_id),
            upload.received_at,
            {
                "size_bytes": str(upload.size_bytes),
                "version_id": upload.at.version_id,
                "claimed_digest": found.digest.hex,
            },
        ),
    )
