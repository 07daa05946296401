"""When did a recording begin, as all clocks that we know of tell together?"""

from dataclasses import replace

from pipeline.domain.clock import CorrectedStart, corrected_start
from pipeline.domain.clock_claim import Clock, clocks_of
from pipeline.domain.footage import Recording
from pipeline.records import Session, companions, facts, footage


def clocks_of_recording(session: Session, recording: Recording) -> list[Clock]:
    """What every clock said: inside its first original, and beside it when it was uploaded."""
    first = recording.originals[0]
    found = facts.clocks_of(session, first)
    if not found:  # probed before clocks were kept by themselves
        found = list(clocks_of(recording.facts.clock_claims))
    for upload in footage.uploads_of(session, first):
        found += facts.clocks_of(session, upload.upload_id)
    for companion in companions.companions_of(session, recording.recording_id):
        if companion.digest is not None:
            found += [_beside(clock, recording) for clock in facts.clocks_of(session, companion.digest)]
    return found


def _beside(clock: Clock, recording: Recording) -> Clock:
    """A photograph that belongs to a recording was taken at some moment of it."""
    if clock.reading is None or clock.source != "exif":
        return clock
    return replace(clock, reading=replace(clock.reading, slack_s=recording.duration_s))


def began(session: Session, recording: Recording) -> CorrectedStart:
    """The start of a recording, derived anew from its clocks whenever it is asked for."""
    received_at = footage.uploads_of(session, recording.originals[0])[0].received_at
    readings = [clock.reading for clock in clocks_of_recording(session, recording) if clock.reading is not None]
    return corrected_start(readings, received_at=received_at)
