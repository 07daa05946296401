"""When did a recording begin, as all clocks that we know of tell together?"""

from collections.abc import Iterable
from dataclasses import replace

from pipeline.domain.clock import CorrectedStart, corrected_start
from pipeline.domain.clock_claim import Clock, clocks_of
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Recording
from pipeline.records import Session, companions, facts, footage


def clocks_of_recording(session: Session, recording: Recording, beside: Iterable[Sha256] | None = None) -> list[Clock]:
    """What every clock said: inside its first original, beside it when it was uploaded, and in its companions.

    Args:
        session: the transaction.
        recording: the recording.
        beside: the originals that its companions are, where they are known already.
    """
    first = recording.originals[0]
    found = facts.clocks_of(session, first)
    if not any(clock.source in ("container", "timecode") for clock in found):
        found += clocks_of(recording.facts.clock_claims)  # probed before clocks were kept by themselves
    for upload in footage.uploads_of(session, first):
        found += facts.clocks_of(session, upload.upload_id)
    for digest in _companions(session, recording) if beside is None else beside:
        found += [_beside(clock, recording) for clock in facts.clocks_of(session, digest)]
    return found


def _companions(session: Session, recording: Recording) -> list[Sha256]:
    found = companions.companions_of(session, recording.recording_id)
    return [companion.digest for companion in found if companion.digest is not None]


def _beside(clock: Clock, recording: Recording) -> Clock:
    """A photograph that belongs to a recording was taken at some moment of it."""
    if clock.reading is None or clock.source != "exif":
        return clock
    return replace(clock, reading=replace(clock.reading, slack_s=recording.duration_s))


def began(session: Session, recording: Recording, beside: Iterable[Sha256] | None = None) -> CorrectedStart:
    """The start of a recording, derived anew from its clocks whenever it is asked for; see `clocks_of_recording`."""
    received_at = footage.uploads_of(session, recording.originals[0])[0].received_at
    clocks = clocks_of_recording(session, recording, beside)
    return corrected_start([clock.reading for clock in clocks if clock.reading is not None], received_at=received_at)
