"""What was marked in docked recordings while they were filmed, as hints on their timelines.

A bookmark's time is told by the same clock as the start of its clip: the difference of the two is exact however wrong
that clock is.
"""

from collections import defaultdict
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain import docking
from pipeline.domain.digest import Sha256
from pipeline.domain.hint import BOOKMARK_S, Hint, HintSource
from pipeline.domain.ids import RecordingId
from pipeline.domain.timeline import Span
from pipeline.records import chapters, footage
from pipeline.records import docking as docked
from pipeline.records.tables import RecordingOriginalRow, UploadContentRow, UploadRow
from pipeline.records.tables_dock import DockUploadRow


def bookmarks(session: Session) -> dict[RecordingId, list[Hint]]:
    """The bookmarks of every docked recording, by time; one that lies in none of its clips is left out."""
    rows = session.execute(
        sa.select(
            RecordingOriginalRow.recording_id,
            RecordingOriginalRow.digest,
            DockUploadRow.container,
            DockUploadRow.name,
            UploadRow.claimed_start_at,
        )
        .join(UploadContentRow, UploadContentRow.digest == RecordingOriginalRow.digest)
        .join(DockUploadRow, DockUploadRow.upload_id == UploadContentRow.upload_id)
        .join(UploadRow, UploadRow.upload_id == UploadContentRow.upload_id)
        .order_by(UploadRow.received_at)
    )
    began: dict[RecordingId, dict[Sha256, datetime]] = defaultdict(dict)
    containers: dict[RecordingId, set[str]] = defaultdict(set)
    for row in rows:
        recording_id = RecordingId(row.recording_id)
        containers[recording_id].add(row.container)
        said = docking.clip_start(docked.said_of(session, row.container, row.name)) or row.claimed_start_at
        if said is not None:
            began[recording_id].setdefault(Sha256(row.digest), said)
    return {
        recording_id: sorted(
            (
                hint
                for container in sorted(names)
                for hint in _hints(session, container, _clips(session, recording_id, began[recording_id]))
            ),
            key=lambda hint: hint.span,
        )
        for recording_id, names in containers.items()
    }


_Clips = list[tuple[datetime, Span]]
"""When each file began by the camera's clock, and where it lies on the recording."""


def _clips(session: Session, recording_id: RecordingId, began: dict[Sha256, datetime]) -> _Clips:
    recording = footage.get_recording(session, recording_id)
    found = []
    for part in chapters.chapters_of(session, recording):
        start_s = part.start_frame / recording.frame_rate
        if part.digest in began:
            found.append((began[part.digest], Span(start_s, start_s + part.facts.video.duration_s)))
    return found


def _hints(session: Session, container: str, clips: _Clips) -> list[Hint]:
    found = []
    for one in docked.objects_of(session, container):
        if docking.object_role(one.name) != "bookmark":
            continue
        said = docking.bookmark(docked.said_of(session, container, one.name))
        span = _place(said.at, clips) if said else None
        if said is not None and span is not None:
            found.append(Hint(HintSource.BOOKMARK, span, Fraction(1), said.category))
    return found


def _place(at: datetime, clips: _Clips) -> Span | None:
    for began_at, within in clips:
        into_s = Fraction(round((at - began_at).total_seconds() * 1000), 1000)
        if 0 <= into_s < within.duration_s:
            start_s = within.start_s + into_s
            return Span(start_s, min(start_s + BOOKMARK_S, within.end_s))
    return None
