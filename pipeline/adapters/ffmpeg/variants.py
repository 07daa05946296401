"""How do the frames of a clip become those of a variant? Only filters that are exact, so that bytes are the same
everywhere: words of a live stream are drawn as blocks, because letters would depend on the fonts of the machine.
"""

from typing import Any

from pipeline.adapters.ffmpeg.argv import ratio
from pipeline.domain.clip_recipe import Portrait, Screen
from pipeline.domain.encoding_plan import BADGES, EncodingPlan
from pipeline.domain.transform import Box

_EXACT = "bicubic+accurate_rnd+full_chroma_int+bitexact"
"""Without `accurate_rnd`, the scaler's result depends on the processor."""

_PLAIN = "yuv420p"
_COMMENTS_SHOWN_S = 2
_COMMENT_KINDS = 3


def change_picture(stream: Any, plan: EncodingPlan, pixel_format: str) -> Any:
    """The frames of a plan, made from those of its clip, which come counted from 0."""
    stream, layout = _taken(stream, plan), plan.layout
    if layout.scaled_px is not None or pixel_format != _PLAIN:
        width_px, height_px = layout.scaled_px or ("iw", "ih")
        stream = stream.filter("scale", width_px, height_px, flags=_EXACT, out_range="tv")
    stream = stream.filter("format", _PLAIN) if layout.cropped_px is None else stream
    if layout.cropped_px is not None:
        width_px, height_px, left_px, top_px = layout.cropped_px
        stream = stream.filter("crop", width_px, height_px, left_px, top_px, exact=1).filter("format", _PLAIN)
    if layout.framed_px is not None:
        width_px, height_px, left_px, top_px = layout.framed_px
        stream = stream.filter("pad", width_px, height_px, left_px, top_px, color="0x101418")
    if plan.recipe.portrait is not None:
        stream = _talked_over(stream, plan, plan.recipe.portrait)
    if plan.recipe.screen is not None and layout.corners_px is not None:
        stream = _filmed(stream, plan, plan.recipe.screen, layout.corners_px)
    stream = stream.filter("setsar", ratio(plan.pixel_aspect))
    # What stands still is filled up last, so that nothing is done twice to the same frame.
    return stream.filter("fps", ratio(plan.frame_rate), round="near", start_time=0) if plan.still else stream


def _taken(stream: Any, plan: EncodingPlan) -> Any:
    if plan.late_frames or plan.every > 1:
        late, every = plan.late_frames, plan.every
        stream = stream.filter("select", f"gte(n,{late})*not(mod(n-{late},{every}))")
        stream = stream.filter("settb", ratio(1 / plan.frame_rate)).filter("setpts", "N")
    if plan.still:
        runs = "+".join(f"between(n,{start},{end - 1})" for start, end in plan.still)
        stream = stream.filter("select", f"not({runs})")
    return stream


def _talked_over(stream: Any, plan: EncodingPlan, portrait: Portrait) -> Any:
    """Badges that stay, and below them comments that change: rows of blocks as long as words are."""
    live, watching = BADGES
    for box, colour in ((live, "0xD01030"), (watching, "0x303030")):
        stream = _block(stream, box, colour)
    frames_shown = max(1, round(_COMMENTS_SHOWN_S * plan.frame_rate))
    top_px = portrait.band_top_px + portrait.band_height_px - 90
    for kind in range(_COMMENT_KINDS):
        when = f"eq(mod(floor(n/{frames_shown}),{_COMMENT_KINDS}),{kind})"
        for row in range(3):
            left_px = 16
            for word in range(4):
                long_px = 24 + (plan.seed // (1 + 7 * kind + 3 * row + 11 * word)) % 60
                stream = stream.filter(
                    "drawbox", left_px, top_px + 28 * row, long_px, 14, color="white@0.85", t="fill", enable=when
                )
                left_px += long_px + 10
    return stream


def _block(stream: Any, box: Box, colour: str) -> Any:
    left_px, top_px = int(box.left_px), int(box.top_px)
    wide, high = int(box.right_px) - left_px, int(box.bottom_px) - top_px
    return stream.filter("drawbox", left_px, top_px, wide, high, color=colour, t="fill")


def _filmed(stream: Any, plan: EncodingPlan, screen: Screen, corners_px: tuple[tuple[int, int], ...]) -> Any:
    """Bent, paler, blurred, with the noise of another sensor."""
    corners = {
        f"{axis}{at}": value for at, corner in enumerate(corners_px) for axis, value in zip("xy", corner, strict=True)
    }
    return (
        stream.filter("perspective", **corners, sense="destination", interpolation="linear")
        .filter(
            "eq",
            gamma=_decimal(screen.gamma),
            saturation=_decimal(screen.saturation),
            contrast=_decimal(screen.contrast),
        )
        .filter("avgblur", sizeX=screen.blur_px)
        .filter("noise", all_seed=plan.seed, alls=screen.noise, allf="t")
    )


def _decimal(value: object) -> str:
    return f"{float(value):g}"  # type: ignore[arg-type]  # a Fraction is a number
