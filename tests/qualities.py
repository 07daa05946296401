"""Builds the quality of a clip of daylight footage, with any field spoiled by keyword."""

from dataclasses import replace
from typing import Any

from pipeline.domain.quality import ClipQuality, Mark, Marked
from pipeline.records.qualities import AssessedClip
from tests.builders import NOON, Chain


def a_quality(**instead: Any) -> ClipQuality:
    whole = ClipQuality(
        damaged_frames=0,
        damaged_sound_ms=0,
        luma_mean=110_000,
        black_share=0,
        dark_share=0,
        bright_share=0,
        frozen_share=0,
        blur=5_500,
        shift=20,
        flat=100,
        silent_share=0,
        loudest_lufs=-20_000,
        scene_changes=0,
        ssim=960,
    )
    return replace(whole, **instead)


def an_assessed_clip(chain: Chain, **instead: Any) -> AssessedClip:
    marks = (Marked(Mark.DARK, "all of it is dark"),)
    whole = AssessedClip(chain.clips[0].clip_id, chain.rendition.rendition_id, 1, a_quality(), marks, NOON)
    return replace(whole, **instead)
