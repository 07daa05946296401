"""A recipe's digest names what it makes; sizes are even, upright and never larger than the source."""

from dataclasses import fields, replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.digest import Sha256
from pipeline.domain.recipe import VIEWING, Effort, Recipe
from tests.media_facts import video_facts

OTHER = Recipe(
    name="other",
    version=3,
    short_side_px_max=541,
    gop_s=Fraction(2),
    quantiser=24,
    effort=Effort.MEDIUM,
    audio_sample_rate_hz=44_100,
    audio_channels_max=1,
    audio_bits_per_s=64_001,
    chunk_s=Fraction(61),
    beside_version=2,
)


def test_the_viewing_recipe_is_the_one_that_stored_renditions_name() -> None:
    # A change here means: every recording gets a second rendition. Raise `version` and say so in the changelog.
    assert VIEWING.digest == Sha256("9cc67612b6c1a2f353f3e64d0698645123be55d173debab8707ec308539fbd3c")


@pytest.mark.parametrize("field", [field.name for field in fields(Recipe)])
def test_a_change_of_any_field_changes_the_digest(field: str) -> None:
    changed = replace(VIEWING, **{field: getattr(OTHER, field)})
    assert changed.digest != VIEWING.digest
    assert replace(changed, **{field: getattr(VIEWING, field)}).digest == VIEWING.digest


@given(
    width_px=st.integers(1, 16_000),
    height_px=st.integers(1, 16_000),
    rotation_deg=st.sampled_from([0, 90, 180, 270]),
)
def test_sizes_are_even_fit_the_recipe_and_are_never_scaled_up(
    width_px: int, height_px: int, rotation_deg: int
) -> None:
    video = video_facts(width_px=width_px, height_px=height_px, rotation_deg=rotation_deg)
    made, source = VIEWING.size_px(video), video.upright_size_px
    assert all(side % 2 == 0 and side >= 2 for side in made)
    assert all(side <= max(2, limit) for side, limit in zip(made, source, strict=True))
    assert min(made) <= max(2, VIEWING.short_side_px_max)


@pytest.mark.parametrize(
    ("width_px", "height_px", "rotation_deg", "made"),
    [
        (1920, 1080, 0, (960, 540)),
        (1920, 1080, 90, (540, 960)),
        (2560, 1920, 0, (720, 540)),
        (608, 1080, 0, (540, 960)),
        (848, 480, 0, (848, 480)),
        (641, 361, 0, (640, 360)),
    ],
)
def test_the_short_side_becomes_540_at_most(
    width_px: int, height_px: int, rotation_deg: int, made: tuple[int, int]
) -> None:
    video = video_facts(width_px=width_px, height_px=height_px, rotation_deg=rotation_deg)
    assert VIEWING.size_px(video) == made


def test_a_gop_is_a_second_to_the_nearest_frame_and_never_none() -> None:
    rates = ("30000/1001", "30", "10", "25/2", "1/10")
    assert [VIEWING.gop_frames(Fraction(rate)) for rate in rates] == [30, 30, 10, 12, 1]


def test_sound_keeps_its_channels_up_to_the_limit_and_silence_has_one() -> None:
    assert [VIEWING.audio_channels(channels) for channels in (None, 1, 2, 6)] == [1, 1, 2, 2]
