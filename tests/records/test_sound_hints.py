from datetime import timedelta
from fractions import Fraction

import pytest

from pipeline.domain.sound_hint import HintKind
from pipeline.domain.timeline import Span
from pipeline.records import Session, sound_hints
from tests.builders import NOON, Chain, a_chain, add_chain
from tests.sounds import a_detector, a_hint, a_speech_listening, an_impulse_listening


@pytest.fixture
def chain(session: Session) -> Chain:
    return add_chain(session, a_chain())


def test_what_a_detector_says_is_recorded_once_and_comes_back(session: Session, chain: Chain) -> None:
    heard, spoken = an_impulse_listening(chain.rendition), a_speech_listening(chain.rendition)
    recording_id = chain.recording.recording_id
    assert not sound_hints.has_listened(session, recording_id, heard.detector.digest)
    assert [sound_hints.add_listening(session, one) for one in (heard, heard, spoken)] == [True, False, True]
    assert sound_hints.has_listened(session, recording_id, heard.detector.digest)
    assert sound_hints.listenings_of(session, recording_id) == [heard, spoken]


def test_another_detector_stands_beside_the_older_one_and_counts(session: Session, chain: Chain) -> None:
    recording_id = chain.recording.recording_id
    older = an_impulse_listening(chain.rendition)
    newer = an_impulse_listening(
        chain.rendition,
        detector=a_detector(name="ear 2"),
        hints=(a_hint(HintKind.IMPULSE, "5", "6", 0.5),),
        listened_at=NOON + timedelta(days=1),
    )
    for one in (newer, older):
        sound_hints.add_listening(session, one)
    assert sound_hints.has_listened(session, recording_id, older.detector.digest)
    assert sound_hints.listenings_of(session, recording_id) == [newer]
    assert sound_hints.hints_in(session, recording_id, Span(Fraction(0), Fraction(30))) == list(newer.hints)
    assert sound_hints.counts_by_recording(session) == {recording_id: {HintKind.IMPULSE: 1}}


def test_hints_of_a_clip_are_cut_to_it(session: Session, chain: Chain) -> None:
    for one in (an_impulse_listening(chain.rendition), a_speech_listening(chain.rendition)):
        sound_hints.add_listening(session, one)
    first, second, third = (clip.span for clip in chain.clips)
    assert (first.end_s, second.end_s) == (Fraction(1001, 100), Fraction(1001, 50))
    recording_id = chain.recording.recording_id
    assert sound_hints.hints_in(session, recording_id, first) == [
        a_hint(HintKind.IMPULSE, "1/3", "2/5", 0.91),
        a_hint(HintKind.SPEECH, "9", "1001/100", 0.97),
        a_hint(HintKind.IMPULSE, "10", "1001/100", 0.3),
    ]
    assert sound_hints.hints_in(session, recording_id, second) == [a_hint(HintKind.SPEECH, "1001/100", "12", 0.97)]
    assert sound_hints.hints_in(session, recording_id, third) == []


def test_spans_that_only_touch_share_no_hint_however_long_their_fractions(session: Session, chain: Chain) -> None:
    sound_hints.add_listening(session, an_impulse_listening(chain.rendition))
    third = Fraction(1, 3)
    hair = Fraction(1, 10**15)
    recording_id = chain.recording.recording_id
    assert sound_hints.hints_in(session, recording_id, Span(Fraction(0), third)) == []
    (found,) = sound_hints.hints_in(session, recording_id, Span(Fraction(0), third + hair))
    assert found.span == Span(third, third + hair)


def test_a_recording_that_nobody_listened_to_is_told_from_one_in_which_nothing_was_heard(
    session: Session, chain: Chain
) -> None:
    recording_id = chain.recording.recording_id
    assert sound_hints.listenings_of(session, recording_id) == []
    assert recording_id not in sound_hints.counts_by_recording(session)
    silent = an_impulse_listening(chain.rendition, sound=None, outcome="the recording has no sound", hints=())
    sound_hints.add_listening(session, silent)
    assert sound_hints.listenings_of(session, recording_id) == [silent]
    assert sound_hints.counts_by_recording(session) == {recording_id: {HintKind.IMPULSE: 0}}
