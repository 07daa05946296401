"""Of which files does a recording consist, where does each begin, and what lies between?"""

from pipeline.domain.footage import Chapter, Recording
from pipeline.records import Session, chapters, footage


def chapter_facts(session: Session, recording: Recording) -> dict[str, str]:
    """What is to be told of a recording's chapters; nothing where it never was more than a file."""
    assembled = chapters.assembly_of(session, recording)
    if assembled is None:
        return {}
    parts = chapters.chapters_of(session, recording)
    told = {"chapters": str(len(parts)), "assembled_because": assembled.because}
    for number, part in enumerate(parts, start=1):
        told[f"file_{number}"] = _told(part, recording)
    for how, neighbour in (("continues", assembled.continues), ("continued_by", assembled.continued_by)):
        if neighbour is not None:
            found = footage.find_recording(session, neighbour)
            told[how] = f"recording {found.recording_id}" if found else f"original {neighbour}"
    return told


def _told(part: Chapter, recording: Recording) -> str:
    at_s = float(part.start_frame / recording.frame_rate)
    length_s = float(part.facts.video.duration_s)
    begins = f"original {part.digest.hex[:12]} from {at_s:.3f} s (frame {part.start_frame}), {length_s:.3f} s long"
    return begins if part.join is None else f"{begins}; before it: {part.join.because}"
