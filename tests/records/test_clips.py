from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest

from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, ExerciseId
from pipeline.domain.timeline import Span
from pipeline.errors import UsageError
from pipeline.records import Session, annotations, clips, footage
from tests.builders import (
    NOON,
    TAXONOMY,
    a_chain,
    a_clip,
    a_clip_rendition,
    a_recording,
    a_rendition,
    a_task,
    add_chain,
    an_original,
    an_upload,
)


def test_a_clip_and_its_bytes_added_twice_are_one_row_each(session: Session) -> None:
    chain = add_chain(session, a_chain(clip_count=1))
    (clip,), (made,) = chain.clips, chain.made
    assert not clips.add_clip(session, replace(clip, ordinal=9))
    assert not clips.add_clip_rendition(session, replace(made, size_bytes=9))
    assert clips.get_clip(session, clip.clip_id) == clip
    assert clips.rendition_of_clip(session, clip.clip_id) == made
    assert clips.all_clip_renditions(session) == [made]


def test_spans_come_back_exactly(session: Session) -> None:
    chain = add_chain(session, a_chain(clip_count=0))
    span = Span(Fraction(1001, 30000), Fraction(2**61 - 1, 3))
    clip = a_clip(chain.recording, span=span)
    assert clips.add_clip(session, clip)
    assert clips.get_clip(session, clip.clip_id).span == span


def test_what_is_not_there_is_named_in_the_error(session: Session) -> None:
    chain = add_chain(session, a_chain(clip_count=0))
    clip = a_clip(chain.recording)
    with pytest.raises(UsageError, match=f"no clip {clip.clip_id}"):
        clips.get_clip(session, clip.clip_id)
    clips.add_clip(session, clip)
    with pytest.raises(UsageError, match=f"clip {clip.clip_id} has no bytes"):
        clips.rendition_of_clip(session, clip.clip_id)


def test_clips_come_in_the_order_of_recordings_and_time(session: Session) -> None:
    first, second = a_chain("first"), a_chain("second")
    later = replace(second.recording, probed_at=NOON + timedelta(hours=1))
    second = replace(second, recording=later)
    for chain in (second, first):
        add_chain(session, chain)
    assert clips.all_clips(session) == [*first.clips, *second.clips]
    assert clips.clips_of(session, second.recording.recording_id) == list(second.clips)
    assert clips.clip_renditions_of(session, first.rendition.rendition_id) == list(first.made)


def test_clips_of_one_exercise_are_told_from_those_of_others(session: Session) -> None:
    add_chain(session, a_chain("one"))
    footage.add_upload(session, an_upload("two", exercise_id=ExerciseId("EX-2")))
    footage.add_original(session, an_original("two"))
    recording = a_recording(an_original("two"), exercise_id=ExerciseId("EX-2"))
    footage.add_recording(session, recording)
    clip = a_clip(recording)
    clips.add_clip(session, clip)
    assert clips.all_clips(session, "EX-2") == [clip]
    assert len(clips.all_clips(session)) == 4


def test_the_bytes_of_a_clip_are_those_of_the_rendition_made_first(session: Session) -> None:
    """Eight younger renditions, so that an order by id would hardly ever begin with the oldest."""
    chain = add_chain(session, a_chain(clip_count=1))
    (clip,) = chain.clips
    for number in range(8):
        younger = a_rendition(
            chain.recording, tool_identity=f"newer {number}", rendered_at=NOON + timedelta(hours=1 + number)
        )
        footage.add_rendition(session, younger)
        clips.add_clip_rendition(session, a_clip_rendition(clip, younger))
    assert clips.rendition_of_clip(session, clip.clip_id) == chain.made[0]
    nobody = ClipId(UUID(int=9))
    assert clips.shown_clips(session, [clip.clip_id, nobody]) == {
        clip.clip_id: clips.ShownClip(clip, chain.made[0], chain.recording.frame_rate)
    }
    assert clips.shown_clips(session, []) == {}


def test_the_bytes_from_one_rendition_are_told_from_those_of_another(session: Session) -> None:
    chain = add_chain(session, a_chain(clip_count=1))
    (clip,) = chain.clips
    younger = a_rendition(chain.recording, tool_identity="newer")
    footage.add_rendition(session, younger)
    with pytest.raises(UsageError, match=f"clip {clip.clip_id} has no bytes from rendition {younger.rendition_id}"):
        clips.clip_rendition(session, clip.clip_id, younger.rendition_id)
    made = a_clip_rendition(clip, younger)
    clips.add_clip_rendition(session, made)
    assert clips.clip_rendition(session, clip.clip_id, younger.rendition_id) == made
    assert clips.clip_rendition(session, clip.clip_id, chain.rendition.rendition_id) == chain.made[0]


def test_clips_wait_for_a_task_under_each_taxonomy(session: Session) -> None:
    chain = add_chain(session, a_chain())
    another = Sha256.of(b"another taxonomy")
    assert clips.clips_without_task(session, TAXONOMY) == list(chain.clips)
    annotations.add_task(session, a_task(chain.clips[1]))
    assert clips.clips_without_task(session, TAXONOMY) == [chain.clips[0], chain.clips[2]]
    assert clips.clips_without_task(session, another) == list(chain.clips)


def test_a_clip_nobody_knows_waits_for_nothing(session: Session) -> None:
    assert clips.clips_without_task(session, TAXONOMY) == []
    assert clips.all_clips(session, "EX-0") == []
    with pytest.raises(UsageError):
        clips.get_clip(session, ClipId(UUID(int=0)))
