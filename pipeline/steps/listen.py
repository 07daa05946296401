"""Listen to a recording for what may be worth looking at first: shots and speech, as hints with scores.

It reads the sound that came out of rendering, and decides nothing about the footage.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from fractions import Fraction
from pathlib import Path

import structlog

from pipeline.adapters.listening import Listener
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.ids import RenditionId
from pipeline.domain.impulse import judge_impulses
from pipeline.domain.sound_hint import HintKind, Judged, Listening, told
from pipeline.domain.speech import judge_speech
from pipeline.domain.timeline import Span
from pipeline.records import Database, byproducts, custody, footage, sound_hints

log = structlog.get_logger()

NO_SOUND = "the recording has no sound"


def listen_to_rendition(
    rendition_id: RenditionId,
    *,
    listener: Listener,
    store: ObjectStore,
    scratch: Scratch,
    db: Database,
    clock: Callable[[], datetime],
) -> int:
    """Let every detector that has not yet listened to the recording of a rendition do so, and record its hints.

    A recording without sound has no hints, and that is recorded. A rendition that an older Firsthand made has no sound
    beside it: nothing is recorded, because nobody has listened. Safe to repeat: what a detector says of a recording is
    recorded once, all of it in one transaction with its custody event.

    Returns:
        How many hints are new.

    Raises:
        DigestMismatchError: the stored sound is not the one that was recorded.
        MediaToolError: the sound is not what rendering makes; nothing was recorded.
        StoreUnavailableError: S3 did not answer; nothing was recorded.
    """
    with db.begin() as session:
        recording = footage.get_recording(session, footage.get_rendition(session, rendition_id).recording_id)
        sound = byproducts.find_byproduct(session, rendition_id, ByproductKind.SOUND)
        missing = [
            detector
            for detector in listener.detectors.values()
            if not sound_hints.has_listened(session, recording.recording_id, detector.digest)
        ]
    if not missing:
        return 0
    if recording.facts.audio is None:
        sound = None
    elif sound is None:
        log.warning("sound_not_there", rendition_id=str(rendition_id), recording_id=str(recording.recording_id))
        return 0
    within = Span(Fraction(0), recording.duration_s)
    found: list[Listening] = []
    # A folder of its own: recordings that sound the same, as silent ones do, share a digest and may be heard at once.
    with scratch.folder() as folder:
        path = _fetch(sound, folder / "sound.wav", store=store) if sound else None
        for detector in missing:
            judged = _listen(detector.kind, path, within, listener) if path else []
            found.append(
                Listening(
                    recording_id=recording.recording_id,
                    detector=detector,
                    rendition_id=rendition_id,
                    sound=sound.digest if sound else None,
                    outcome=told(judged) if path else NO_SOUND,
                    listened_at=clock(),
                    hints=tuple(sorted(one.hint for one in judged if one.hint is not None)),
                )
            )
    with db.begin() as session:
        for listening in found:
            if sound_hints.add_listening(session, listening):
                custody.append(session, _has_listened(listening))
    counts = {listening.detector.kind.value: len(listening.hints) for listening in found}
    log.info("recording_listened_to", recording_id=str(recording.recording_id), **counts)
    return sum(counts.values())


def _fetch(sound: Byproduct, target: Path, *, store: ObjectStore) -> Path:
    store.fetch(sound.at.bucket, sound.at.key, target, version_id=sound.at.version_id, expect=sound.digest)
    return target


def _listen(kind: HintKind, sound: Path, within: Span, listener: Listener) -> Sequence[Judged]:
    if kind is HintKind.IMPULSE:
        return judge_impulses(listener.find_impulses(sound), listener.impulse_parameters, within)
    return judge_speech(listener.speech_probabilities(sound), listener.speech_parameters, within)


def _has_listened(listening: Listening) -> CustodyEvent:
    return CustodyEvent(
        "listened",
        "recording",
        str(listening.recording_id),
        listening.listened_at,
        {
            "kind": listening.detector.kind.value,
            "detector": listening.detector.digest.hex,
            "rendition_id": str(listening.rendition_id),
            **({"sound": listening.sound.hex} if listening.sound else {}),
            "hints": str(len(listening.hints)),
        },
    )
