import json
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.label_studio import ReceivedAnnotation, read_labels
from pipeline.adapters.label_studio.results import OVERSHOOT_S
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId
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


def received(result: object, *, frame_rate: Fraction = NTSC, **instead: str) -> ReceivedAnnotation:
    served = {
        "served_fps": repr(float(frame_rate)),
        "served_frame_rate": f"{frame_rate.numerator}/{frame_rate.denominator}",
        "served_digest": DIGEST.hex,
    }
    return ReceivedAnnotation(
        ls_task_id=1,
        ls_annotation_id=5,
        clip_id=ClipId(UUID(int=7)),
        annotator=2,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        updated_at=datetime(2026, 1, 1, tzinfo=UTC),
        lead_time_s=6.5,
        was_cancelled=False,
        **({"result_json": result if isinstance(result, str) else json.dumps(result)} | served | instead),
    )


def read(answer: ReceivedAnnotation, *, frame_rate: Fraction = NTSC, frames: int = FRAMES) -> ClipLabels:
    return read_labels(answer, taxonomy=TAXONOMY, frame_rate=frame_rate, duration_s=frames / frame_rate, digest=DIGEST)


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
    answer = received([drawn, *CHOICES], frame_rate=frame_rate)
    assert [event.span for event in read(answer, frame_rate=frame_rate, frames=frames).events] == [span]


@pytest.mark.parametrize("frame_rate", RATES)
def test_a_range_drawn_over_the_end_of_the_picture_is_cut_and_no_more_than_the_sound_may_last(
    frame_rate: Fraction,
) -> None:
    over = int(OVERSHOOT_S * frame_rate)
    (event,) = read(
        received([an_event(290, FRAMES + over), *CHOICES], frame_rate=frame_rate), frame_rate=frame_rate
    ).events
    assert event.span == Span.of_frames(289, FRAMES, frame_rate)
    with pytest.raises(InvalidLabelsError, match=f"frames 290 to {FRAMES + over + 2} are not in a clip of 300 frames"):
        read(received([an_event(290, FRAMES + over + 2), *CHOICES], frame_rate=frame_rate), frame_rate=frame_rate)


def without_value(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "value"}


@pytest.mark.parametrize(
    ("junk", "reason"),
    [
        (an_event(7, 26, "explosion"), "'explosion' is not in firearms-attack-1.0.0"),
        (an_event(7, 26, "Reload"), "'Reload' is not in firearms-attack-1.0.0"),
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
        (a_choice("threat_level", "extreme"), "answer 'extreme' to threat_level is not in firearms-attack-1.0.0"),
        (a_choice("threat_level", "none"), "question threat_level has 2 answers and takes one"),
        (a_choice("weather", "rain"), "question 'clip_weather' is not in firearms-attack-1.0.0"),
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
    ("served", "reason"),
    [
        ({"served_fps": "24"}, "the task's fps is not that of the clip: expected 29.97002997002997, found '24'"),
        ({"served_fps": ""}, "the task's fps is not that of the clip"),
        ({"served_frame_rate": "30/1"}, "the task's frame rate is not that of the clip: expected 30000/1001"),
        ({"served_digest": "0" * 64}, f"the task's digest is not that of the clip: expected {DIGEST}"),
    ],
)
def test_an_answer_to_other_bytes_or_at_another_rate_is_refused(served: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidLabelsError) as caught:
        read(received(CHOICES, **served))
    assert reason in str(caught.value)


def test_every_reason_is_told() -> None:
    junk = [an_event(26, 7), an_event(1, 2, "explosion"), {"junk": 1}]
    with pytest.raises(InvalidLabelsError) as caught:
        read(received(junk, served_fps="24"))
    reasons = str(caught.value).split("; ")
    assert len(reasons) == 1 + 2 + 1 + len(TAXONOMY.questions)


words: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["type", "value", "from_name", "to_name", "ranges", "start", "end", "choices", "x"]), inner
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
