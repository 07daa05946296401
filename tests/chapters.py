"""Chapters: footage cut into files as cameras do, and two of them recorded as the one recording that they are."""

import subprocess
from fractions import Fraction
from pathlib import Path

from pipeline.domain.chapter import ChapterPlace
from pipeline.domain.footage import Recording
from pipeline.domain.joining import Join, join_facts
from pipeline.records import Session, chapters, custody, footage
from tests.builders import NOON, TOOL, a_recording, an_event, an_original, an_upload, media_facts


def split(source: Path, folder: Path, *, at_s: tuple[float, ...], series: str = "0001") -> list[Path]:
    """Copy a source's picture and sound into files that begin at 0 and at these seconds; each must be a keyframe."""
    folder.mkdir(parents=True, exist_ok=True)
    pattern = folder / f"GX%02d{series}.MP4"
    times = ("-segment_times", ",".join(map(str, at_s)))
    streams = ("-map", "0:v:0", "-map", "0:a:0?", "-c", "copy", "-f", "segment", "-segment_format", "mp4")
    names = ("-segment_start_number", "1", "-reset_timestamps", "1", str(pattern))
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-y", "-i", str(source), *streams, *times, *names]
    subprocess.run(argv, check=True, capture_output=True)
    return sorted(folder.glob(f"GX*{series}.MP4"))


def add_two_chapters(session: Session) -> Recording:
    """Record two uploads of a series as the one recording that they are, with a gap of half a second."""
    digests = []
    for number in (1, 2):
        upload, original = (
            an_upload(f"chapter {number}", chapter=ChapterPlace("0001", number)),
            an_original(f"chapter {number}"),
        )
        footage.add_upload(session, upload)
        footage.add_original(session, original)
        footage.link_content(session, upload.upload_id, original.digest)
        chapters.add_probe(session, original.digest, media_facts(), tool_identity=TOOL, at=NOON)
        for kind, subject, thing_id in (
            ("received", "upload", upload.upload_id),
            ("preserved", "original", original.digest),
        ):
            custody.append(session, an_event(kind=kind, subject_kind=subject, subject_id=str(thing_id), details={}))
        digests.append(original.digest)
    originals = tuple(digests)
    recording = a_recording(
        recording_id=Recording.id_for(originals),
        originals=originals,
        facts=join_facts([media_facts(), media_facts()]),
        duration_s=2 * media_facts().video.duration_s,
    )
    footage.add_recording(session, recording)
    join = Join(Fraction(1, 2), Fraction(1, 30), 0, "a gap of half a second")
    chapters.add_assembly(session, recording, joins=(join,), because="chapter 1, 2 of series 0001")
    custody.append(
        session,
        an_event(
            kind="assembled",
            subject_kind="recording",
            subject_id=str(recording.recording_id),
            details={"chapters": "2"},
        ),
    )
    return recording
