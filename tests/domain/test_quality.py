from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.measures import Measures, MotionMeasures, PictureMeasures, SoundMeasures
from pipeline.domain.quality import ClipQuality, Floor, Mark, assess_clip, compared_clips, marks_of
from pipeline.domain.timeline import Span
from tests.builders import a_damage
from tests.qualities import a_quality

FLOOR = Floor()
TEN_S = 20
"""Samples of ten seconds of picture."""


def good_measures(seconds: int = 30) -> Measures:
    """Of footage in daylight, carried, with speech."""
    per_picture, per_motion = 2 * seconds, 10 * seconds
    return Measures(
        PictureMeasures(
            Fraction(2),
            luma_mean=(110_000,) * per_picture,
            luma_low=(40_000,) * per_picture,
            luma_high=(200_000,) * per_picture,
            change=(0, *(15_000,) * (per_picture - 1)),
            scene=(500,) * per_picture,
            blur=(5_500,) * per_picture,
        ),
        MotionMeasures(Fraction(10), shift=(0, *(20,) * (per_motion - 1)), flat=(100,) * per_motion),
        SoundMeasures(Fraction(10), loudness_lufs=(-25_000,) * per_motion, integrated_lufs=-25_000),
    )


def assessed(measures: Measures, span: Span | None = None, **more: object) -> ClipQuality:
    return assess_clip(
        span or Span(Fraction(10), Fraction(20)),
        measures,
        damage=more.get("damage"),  # type: ignore[arg-type] # a damage or nothing
        frame_rate=Fraction(25),
        ssim=960,
        floor=FLOOR,
    )


def marks(quality: ClipQuality) -> set[Mark]:
    return {one.mark for one in marks_of(quality, FLOOR)}


def test_footage_of_daylight_has_no_mark() -> None:
    quality = assessed(good_measures())
    assert quality == a_quality(loudest_lufs=-25_000)
    assert marks(quality) == set()


@pytest.mark.parametrize(
    ("series", "value", "mark"),
    [
        ("luma_high", 20_000, Mark.BLACK),
        ("luma_mean", 30_000, Mark.DARK),
        ("luma_low", 230_000, Mark.OVEREXPOSED),
        ("change", 50, Mark.FROZEN),
        ("blur", 11_000, Mark.BLURRED),
    ],
)
def test_half_a_clip_below_the_floor_marks_it_and_no_other(series: str, value: int, mark: Mark) -> None:
    good = good_measures()
    values = list(getattr(good.picture, series))
    # The later eleven of the clip's twenty samples, and none of its neighbours'.
    values[TEN_S + 9 : 2 * TEN_S] = [value] * 11
    measures = replace(good, picture=replace(good.picture, **{series: tuple(values)}))
    assert marks(assessed(measures)) == {mark}
    assert marks(assessed(measures, Span(Fraction(0), Fraction(10)))) == set()
    assert marks(assessed(measures, Span(Fraction(20), Fraction(30)))) == set()


def test_movement_obstruction_and_silence_are_marked() -> None:
    good = good_measures()
    motion = replace(good.motion, shift=(80,) * 300, flat=(900,) * 300)
    assert good.sound is not None
    silent = replace(good.sound, loudness_lufs=(-70_000,) * 300)
    quality = assessed(replace(good, motion=motion, sound=silent))
    assert marks(quality) == {Mark.SHAKEN, Mark.OBSTRUCTED, Mark.SILENT}
    reasons = [one.reason for one in marks_of(quality, FLOOR)]
    assert reasons == [
        "it moves 8% of its width in 0.1 s",
        "in 90% of it nothing is to be seen",
        "100% of it is silent",
    ]


def test_a_recording_without_sound_is_not_called_silent() -> None:
    quality = assessed(replace(good_measures(), sound=None))
    assert (quality.silent_share, quality.loudest_lufs) == (None, None)
    assert marks(quality) == set()


def test_damage_counts_only_within_the_clip() -> None:
    damage = a_damage(spans=(Span(Fraction(9), Fraction(11)),), sound_spans=(Span(Fraction(19), Fraction(22)),))
    quality = assessed(good_measures(), damage=damage)
    assert (quality.damaged_frames, quality.damaged_sound_ms) == (25, 1000)
    assert marks(quality) == {Mark.DAMAGED}
    assert marks(assessed(good_measures(), Span(Fraction(11), Fraction(19)), damage=damage)) == set()


def test_a_rendition_that_shows_something_else_is_marked() -> None:
    assert marks(a_quality(ssim=700)) == {Mark.UNLIKE_SOURCE}
    assert marks(a_quality(ssim=None)) == set()


@given(count=st.integers(1, 500), most=st.integers(1, 10))
def test_compared_clips_are_different_and_begin_with_the_first(count: int, most: int) -> None:
    found = compared_clips(count, most)
    assert len(set(found)) == len(found) == min(count, most)
    assert found[0] == 0
    assert found[-1] < count


@given(st.integers(1, 60), st.integers(0, 30))
def test_measures_come_back_equal(seconds: int, silent: int) -> None:
    measures = good_measures(seconds)
    measures = measures if silent % 2 else replace(measures, sound=None)
    assert Measures.from_bytes(measures.to_bytes()) == measures
    with pytest.raises(ValueError, match="expected measures of schema 1"):
        Measures.from_bytes(measures.to_bytes().replace(b'"schema":1', b'"schema":2'))
