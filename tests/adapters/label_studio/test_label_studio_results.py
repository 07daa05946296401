import json
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.label_studio import ClipTask, ReceivedAnnotation, read_labels
from pipeline.adapters.label_studio.results import OVERSHOOT_S, RESULT_CHARS_MAX
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel
from pipeline.domain.timeline import Span
from pipeline.errors import InvalidLabelsError

TAXONOMY = taxonomies.load()
NTSC = Fraction(30000, 1001)
FRAMES = 300
DIGEST = Sha256.of(b"the clip")
RATES = [
    Fraction(10),
    Fraction(24),
    Fraction(24000, 1001),
    Fraction(25),
    NTSC,
    Fraction(30),
    Fraction(50),
    Fraction(60000, 1001),
]

Item = dict[str, Any]


def an_event(start: object = 7, end: object = 26, *labels: object) -> Item:
    value = {"ranges": [{"start": start, "end": end}], "timelinelabels": list(labels or ("reload",))}
    return {"id": "a", "type": "timelinelabels", "from_name": "events", "to_name": "video", "value": value}


def a_choice(question: str, *answers: object) -> Item:
    item = {"id": "b", "type": "choices", "from_name": f"clip_{question}", "to_name": "video", "origin": "manual"}
    return item | {"value": {"choices": list(answers)}}


CHOICES = [
    a_choice("threat_level", "active"),
    a_choice("viewpoint", "officer"),
    a_choice("visibility", "clear"),
    a_choice("simulated_weapon", "handgun", "long_gun"),
]
ANSWERS = (
    ChoiceAnswer("threat_level", "active"),
    ChoiceAnswer("viewpoint", "officer"),
    ChoiceAnswer("visibility", "clear"),
    ChoiceAnswer("simulated_weapon", "handgun"),
    ChoiceAnswer("simulated_weapon", "long_gun"),
)


def a_sent_clip(frame_rate: Fraction = NTSC, frames: int = FRAMES) -> ClipTask:
    return ClipTask(
        clip_id=ClipId(UUID(int=7)),
        recording_id=RecordingId(UUID(int=8)),
        video_url="s3://working/clips/7.mp4",
        frame_rate=frame_rate,
        frame_count=frames,
        digest=DIGEST,
        taxonomy_digest=TAXONOMY.digest,
    )


def received(
    result: object, *, clip: ClipTask | None = None, served: dict[str, Any] | None = None, **instead: Any
) -> ReceivedAnnotation:
    whole = ReceivedAnnotation(
        ls_task_id=1,
        ls_annotation_id=5,
        clip_id=ClipId(UUID(int=7)),
        annotator=2,
        last_editor=2,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        lead_time_s=6.5,
        was_cancelled=False,
        result_json=result if isinstance(result, str) else json.dumps(result),
        served=(clip or a_sent_clip()).data() | (served or {}),
    )
    return replace(whole, **instead)


def read(answer: ReceivedAnnotation, *, clip: ClipTask | None = None) -> ClipLabels:
    return read_labels(answer, taxonomy=TAXONOMY, clip=clip or a_sent_clip())


def test_an_answer_is_read_in_exact_seconds() -> None:
    labels = read(received([an_event(7, 26), *CHOICES]))
    assert labels == ClipLabels.of([EventLabel("reload", Span(Fraction(6006, 30000), Fraction(26026, 30000)))], ANSWERS)


def test_a_single_frame_lasts_one_frame() -> None:
    (event,) = read(received([an_event(1, 1, "shot_fired"), *CHOICES])).events
    assert event.span == Span(Fraction(0), 1 / NTSC)


def test_several_ranges_and_labels_of_one_region_are_all_read() -> None:
    region = an_event(1, 2, "reload", "casualty")
    region["value"]["ranges"].append({"start": 10, "end": 12})
    found = [
        (event.kind, event.span.to_label_studio_range(NTSC)) for event in read(received([region, *CHOICES])).events
    ]
    assert sorted(found) == [("casualty", (1, 2)), ("casualty", (10, 12)), ("reload", (1, 2)), ("reload", (10, 12))]


@given(st.data())
def test_a_span_on_the_frame_grid_comes_back_as_it_went(data: st.DataObject) -> None:
    frame_rate = data.draw(st.sampled_from(RATES))
    frames = data.draw(st.integers(1, 5000))
    start = data.draw(st.integers(0, frames - 1))
    span = Span.of_frames(start, data.draw(st.integers(start + 1, frames)), frame_rate)
    drawn = an_event(*span.to_label_studio_range(frame_rate))
    clip = a_sent_clip(frame_rate, frames)
    assert [event.span for event in read(received([drawn, *CHOICES], clip=clip), clip=clip).events] == [span]


@pytest.mark.parametrize("frame_rate", RATES)
def test_a_range_drawn_over_the_end_of_the_picture_is_cut_and_no_more_than_the_sound_may_last(
    frame_rate: Fraction,
) -> None:
    over, clip = int(OVERSHOOT_S * frame_rate), a_sent_clip(frame_rate)
    (event,) = read(received([an_event(290, FRAMES + over), *CHOICES], clip=clip), clip=clip).events
    assert event.span == Span.of_frames(289, FRAMES, frame_rate)
    with pytest.raises(InvalidLabelsError, match=f"frames 290 to {FRAMES + over + 2} are not in a clip of 300 frames"):
        read(received([an_event(290, FRAMES + over + 2), *CHOICES], clip=clip), clip=clip)


def without_value(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "value"}


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (an_event(7, 26, "explosion"), "'explosion' is not in firearms-attack-1.1.0"),
        (an_event(7, 26, "Reload"), "'Reload' is not in firearms-attack-1.1.0"),
        (an_event(26, 7), "label 1: expected a range with 1 <= start <= end, found 26 to 7"),
        (an_event(0, 7), "label 1: expected a range with 1 <= start <= end, found 0 to 7"),
        (an_event(-3, 7), "found -3 to 7"),
        (an_event(301, 301), "label 1: frames 301 to 301 are not in a clip of 300 frames"),
        (an_event(7, 1_000_000), "label 1: frames 7 to 1000000 are not in a clip of 300 frames"),
        (an_event(7.5, 9), "label 1: expected a range from one whole frame to another"),
        (an_event("7", "9"), "label 1: expected a range from one whole frame to another"),
        (an_event(True, True), "label 1: expected a range from one whole frame to another"),
        (an_event(None, 9), "label 1: expected a range from one whole frame to another"),
        (an_event(7, 26, 3), "label 1: expected timelinelabels as a list of texts, found [3]"),
        (an_event() | {"from_name": "tricks"}, "nothing of ours asks for 'timelinelabels' by the name of 'tricks'"),
        (an_event() | {"type": "videorectangle"}, "nothing of ours asks for 'videorectangle' by the name of 'events'"),
        (an_event() | {"to_name": "audio"}, "label 1: expected it to be about 'video', found 'audio'"),
        (an_event() | {"value": {"timelinelabels": ["reload"]}}, "label 1: expected ranges of frames, found None"),
        (an_event() | {"value": {"ranges": [7], "timelinelabels": ["reload"]}}, "expected a range from one whole"),
        (an_event() | {"value": {"ranges": [{"start": 1, "end": 2}]}}, "expected timelinelabels as a list of texts"),
        (without_value(an_event()), "label 1: expected a label with a value"),
        (a_choice("threat_level", "extreme"), "answer 'extreme' to threat_level is not in firearms-attack-1.1.0"),
        (a_choice("threat_level", "none"), "question threat_level has 2 answers and takes one"),
        (a_choice("weather", "rain"), "question 'clip_weather' is not in firearms-attack-1.1.0"),
        (a_choice("threat_level"), "label 1: expected choices as a list of texts, found []"),
        ({"junk": 1}, "label 1: expected a label with a value, found {'junk': 1}"),
        (3, "label 1: expected a label with a value, found 3"),
        (None, "label 1: expected a label with a value, found None"),
        ([], "label 1: expected a label with a value, found []"),
    ],
)
def test_junk_is_refused_by_name(junk: object, reason: str) -> None:
    with pytest.raises(InvalidLabelsError) as caught:
        read(received([junk, *CHOICES]))
    assert reason in str(caught.value)
    assert str(caught.value).startswith(f"annotation 5 of clip {UUID(int=7)}: ")


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ("{", "expected JSON, found"),
        ("[" * 100_000, "expected JSON, found"),
        ({"type": "choices"}, "expected a list of labels, found {'type': 'choices'}"),
        ("null", "expected a list of labels, found None"),
        ([], "question threat_level has no answer; question viewpoint has no answer"),
    ],
)
def test_what_is_no_answer_at_all_is_refused(result: object, reason: str) -> None:
    with pytest.raises(InvalidLabelsError) as caught:
        read(received(result))
    assert reason in str(caught.value)


@pytest.mark.parametrize(
    ("name", "now"),
    [
        ("fps", "24"),
        ("fps", ""),
        ("frame_rate", "30/1"),
        ("frame_count", 299),
        ("frame_count", "300"),
        ("sha256", "0" * 64),
        ("video", "s3://working/clips/8.mp4"),
        ("recording_id", str(UUID(int=9))),
        ("taxonomy", "0" * 64),
    ],
)
def test_an_answer_to_anything_else_than_what_was_sent_is_refused(name: str, now: object) -> None:
    with pytest.raises(InvalidLabelsError) as caught:
        read(received(CHOICES, served={name: now}))
    assert f"the task's {name} is not that of the clip: expected {a_sent_clip().data()[name]}, found" in str(
        caught.value
    )
    without = {key: value for key, value in a_sent_clip().data().items() if key != name}
    with pytest.raises(InvalidLabelsError, match=f"the task's {name} is not that of the clip"):
        read(replace(received(CHOICES), served=without))


def test_what_was_drawn_beforehand_may_have_changed_since() -> None:
    assert read(received(CHOICES, served={"hints": "0" * 16})).choices


@pytest.mark.parametrize(
    ("who", "reason"),
    [
        ({"last_editor": 3}, "account 2 is named as who answered, and account 3 wrote it last"),
        ({"last_editor": 0}, "account 2 is named as who answered, and an import, and no account wrote it last"),
        ({"annotator": 0, "last_editor": 0}, "the account that answered is gone"),
    ],
)
def test_an_answer_that_somebody_else_wrote_counts_for_nobody(who: dict[str, int], reason: str) -> None:
    with pytest.raises(InvalidLabelsError, match=reason):
        read(received(CHOICES, **who))


def test_an_answer_of_a_million_characters_is_not_even_read() -> None:
    with pytest.raises(InvalidLabelsError, match="expected an answer of at most 1000000 characters"):
        read(received(json.dumps([*CHOICES, {"junk": "x" * RESULT_CHARS_MAX}])))


def a_box(*places: object, **instead: object) -> Item:
    value = {"framesCount": FRAMES, "duration": 10.01, "labels": ["firearm"], "sequence": list(places)}
    item = {"id": "c", "type": "videorectangle", "from_name": "boxes", "to_name": "video", "origin": "manual"}
    return item | {"value": value | instead}


def a_place(frame: object = 31, **instead: object) -> Item:
    return {"frame": frame, "enabled": True, "rotation": 0, "x": 10.5, "y": 20, "width": 15, "height": 25} | instead


def test_a_box_is_read_at_exact_seconds_in_percent() -> None:
    (box,) = read(received([a_box(a_place(31), a_place(61, enabled=False, x=0.1)), *CHOICES])).boxes
    assert box.kind == "firearm"
    assert [(point.at_s, point.x_percent, point.goes_on) for point in box.points] == [
        (30 / NTSC, Fraction(21, 2), True),
        (60 / NTSC, Fraction(1, 10), False),
    ]


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (a_box(), "label 1: expected 1 to 300 places of a box, found []"),
        (a_box(*[a_place()] * 301), "label 1: expected 1 to 300 places of a box"),
        (a_box(a_place(0)), "label 1: expected a box in a frame of the clip"),
        (a_box(a_place(999)), "label 1: expected a box in a frame of the clip"),
        (a_box(a_place(1, x="1")), "label 1: expected a box in a frame of the clip"),
        (a_box(a_place(9), a_place(8)), "expected the places of a box in order of time, each frame once"),
        (a_box(a_place(x=99)), "box 'firearm' at 1001/1000 s is not in the picture: 99.000, 20.000, 15.000, 25.000"),
        (a_box(a_place(width=0)), "is not in the picture"),
        (a_box(a_place(), labels=["cannon"]), "box 'cannon' is not in firearms-attack-1.1.0"),
    ],
)
def test_a_box_that_cannot_be_is_refused_by_name(junk: Item, reason: str) -> None:
    with pytest.raises(InvalidLabelsError) as caught:
        read(received([junk, *CHOICES]))
    assert reason in str(caught.value)


def test_every_reason_is_told() -> None:
    junk = [an_event(26, 7), an_event(1, 2, "explosion"), {"junk": 1}]
    with pytest.raises(InvalidLabelsError) as caught:
        read(received(junk, served={"fps": "24"}))
    reasons = str(caught.value).split("; ")
    assert len(reasons) == 1 + 2 + 1 + len(TAXONOMY.questions)


words: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["type", "value", "from_name", "to_name", "ranges", "start", "end", "choices", "sequence", "frame"]
            ),
            inner,
        )
    ),
    max_leaves=12,
)


@given(st.lists(words, max_size=4))
def test_no_junk_is_more_than_refused(junk: list[Any]) -> None:
    try:
        labels = read(received([*junk, *CHOICES]))
    except InvalidLabelsError:
        return
    assert labels.misfits(TAXONOMY, FRAMES / NTSC) == ()
