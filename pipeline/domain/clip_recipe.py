"""What may be made of a clip, and how is each of these named?

All recipes for clips are in this file; that for watching and labelling is `recipe.VIEWING`. A recipe is intent, and its
digest names what it makes: see `recipe`. Whoever changes one raises its version, and makes something new beside what
was made before.

* `excerpt`: the camera's own packets, nothing encoded again.
* `standard`: every frame, at full size, encoded once from the original.
* `livestream-…`: what a live stream does to footage. What is random in them comes from the recipe's seed and the
  clip's id, so that it is the same on every machine and differs from clip to clip.

Pictures that are encoded are H.264, 4:2:0, 8 bit, upright, at a constant rate, starting at 0; the sound is AAC.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from types import MappingProxyType

from pipeline.domain.digest import Sha256
from pipeline.domain.plain import to_plain
from pipeline.domain.recipe import VIEWING, Effort
from pipeline.errors import UsageError


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Packets of the original as they are; sound begins and ends within half a packet of the picture."""

    name: str
    version: int
    gop_max_s: Fraction
    """Where keyframes are further apart than this, seeking in an excerpt would be slow."""
    otherwise: str
    """The recipe for clips that cannot be one."""

    @property
    def digest(self) -> Sha256:
        """The SHA-256 of the recipe's canonical JSON."""
        return _digest(self)


@dataclass(frozen=True, slots=True)
class Drops:
    """Pieces of the picture that never arrive: it stands still until the next that does."""

    share: Fraction
    """Of all frames, about."""
    length_max: int
    """The longest that it stands still, in frames; the lengths from 1 to this are equally likely."""


@dataclass(frozen=True, slots=True)
class Screen:
    """A screen that is filmed from the side by another camera."""

    corners: tuple[tuple[Fraction, Fraction], ...]
    """Where the corners of the picture are in the new one, as shares of its width and height: `Box.corners`."""
    gamma: Fraction
    saturation: Fraction
    contrast: Fraction
    blur_px: int
    """How far each pixel runs into its neighbours."""
    noise: int
    """The strength of the noise of the new camera's sensor, of 100."""


@dataclass(frozen=True, slots=True)
class Portrait:
    """An upright frame for telephones: the picture in a band across it, words and pictures of a live stream over it."""

    width_px: int
    height_px: int
    band_top_px: int
    band_height_px: int
    """The picture fills the band; what does not fit is cut off at both sides."""


@dataclass(frozen=True, slots=True)
class ClipRecipe:
    """An encoding intent for clips. What is `None` is as in the original."""

    name: str
    version: int
    effort: Effort
    gop_s: Fraction
    """Seconds from keyframe to keyframe, to the nearest frame; every GOP is closed."""
    quantiser: int | None = None
    """Constant quality on H.264's own scale: 0 best, 51 worst. Either this or `bits_per_s`."""
    bits_per_s: int | None = None
    """Of the picture: never more for long, as a live stream has it."""
    is_simple: bool = False
    """Leave out what cheap encoders in telephones cannot do (H.264's Baseline profile)."""
    made_from: str | None = None
    """The recipe whose encoding this is made from; `None`: the originals."""
    short_side_px_max: int | None = None
    """The shorter side of the upright picture is scaled down to this; nothing is scaled up."""
    frame_rate_max: Fraction | None = None
    """Every second, third, … frame is taken, so that there are at most so many a second."""
    late_s: Fraction = Fraction(0)
    """How much of the clip is over when this begins, to the nearest frame; at least a frame is left."""
    drops: Drops | None = None
    portrait: Portrait | None = None
    screen: Screen | None = None
    audio_sample_rate_hz: int | None = None
    audio_channels_max: int = 2
    audio_bits_per_s: int = 64_000
    """For each channel. Where the original has no sound, this has none."""
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.quantiser is None) == (self.bits_per_s is None) or self.gop_s <= 0:
            raise ValueError(f"expected either a quantiser or bits a second, and a GOP, found {self}")

    @property
    def digest(self) -> Sha256:
        """The SHA-256 of the recipe's canonical JSON."""
        return _digest(self)


EXCERPT = Excerpt(name="excerpt", version=2, gop_max_s=Fraction(2), otherwise="standard")

STANDARD = ClipRecipe(
    name="standard",
    version=1,
    effort=Effort.MEDIUM,
    gop_s=Fraction(1),
    quantiser=20,
    audio_bits_per_s=96_000,
)
"""What partners train on."""

LIVESTREAM_360P = ClipRecipe(
    name="livestream-360p",
    version=1,
    effort=Effort.LOW,
    gop_s=Fraction(2),
    bits_per_s=400_000,
    is_simple=True,
    short_side_px_max=360,
    frame_rate_max=Fraction(15),
    audio_sample_rate_hz=22_050,
    audio_channels_max=1,
    audio_bits_per_s=32_000,
)
"""A telephone with a poor connection."""

LIVESTREAM_480P_DROPS = ClipRecipe(
    name="livestream-480p-drops",
    version=1,
    effort=Effort.LOW,
    gop_s=Fraction(2),
    bits_per_s=800_000,
    short_side_px_max=480,
    drops=Drops(share=Fraction(1, 4), length_max=24),
    audio_sample_rate_hz=44_100,
    audio_bits_per_s=24_000,
    seed=480,
)
"""A connection that breaks off again and again."""

LIVESTREAM_VERTICAL_OVERLAY = ClipRecipe(
    name="livestream-vertical-overlay",
    version=1,
    effort=Effort.LOW,
    gop_s=Fraction(2),
    bits_per_s=700_000,
    portrait=Portrait(width_px=480, height_px=854, band_top_px=186, band_height_px=480),
    frame_rate_max=Fraction(30),
    audio_sample_rate_hz=44_100,
    audio_bits_per_s=24_000,
    seed=854,
)
"""A platform for telephones held upright: cropped, and words over it."""

LIVESTREAM_RERECORDED = ClipRecipe(
    name="livestream-rerecorded",
    version=1,
    effort=Effort.LOW,
    gop_s=Fraction(2),
    bits_per_s=900_000,
    short_side_px_max=480,
    frame_rate_max=Fraction(30),
    late_s=Fraction(2, 5),
    screen=Screen(
        corners=(
            (Fraction(1, 32), Fraction(1, 29)),
            (Fraction(17, 18), Fraction(1, 72)),
            (Fraction(1, 85), Fraction(23, 24)),
            (Fraction(63, 64), Fraction(71, 72)),
        ),
        gamma=Fraction(23, 20),
        saturation=Fraction(4, 5),
        contrast=Fraction(9, 10),
        blur_px=1,
        noise=6,
    ),
    audio_sample_rate_hz=44_100,
    audio_channels_max=1,
    audio_bits_per_s=48_000,
    seed=1280,
)
"""Somebody films the screen on which the stream is shown, and begins late."""

LIVESTREAM_SECOND_GENERATION = ClipRecipe(
    name="livestream-second-generation",
    version=1,
    effort=Effort.LOW,
    gop_s=Fraction(2),
    bits_per_s=250_000,
    made_from=LIVESTREAM_360P.name,
    short_side_px_max=288,
    audio_sample_rate_hz=22_050,
    audio_channels_max=1,
    audio_bits_per_s=24_000,
)
"""Somebody saves the stream and puts it up again."""

AnyRecipe = Excerpt | ClipRecipe

RECIPES: Mapping[str, AnyRecipe] = MappingProxyType(
    {
        recipe.name: recipe
        for recipe in (
            EXCERPT,
            STANDARD,
            LIVESTREAM_360P,
            LIVESTREAM_480P_DROPS,
            LIVESTREAM_VERTICAL_OVERLAY,
            LIVESTREAM_RERECORDED,
            LIVESTREAM_SECOND_GENERATION,
        )
    }
)
"""Every recipe for clips, by name."""

RELEASED_BY_DEFAULT = (STANDARD.name,)
"""What a release carries where nobody asks for something else: decision 0017."""


def recipe_names(text: str) -> tuple[str, ...]:
    """Read names of recipes between commas, each once, in the order given; `viewing` is one of them.

    Raises:
        UsageError: there is none, one is not known, or one is there twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    known = (VIEWING.name, *RECIPES)
    if unknown := [name for name in names if name not in known]:
        raise UsageError(f"expected recipes among {', '.join(known)}, found {', '.join(unknown)[:80] or 'none'!r}")
    if len(set(names)) != len(names):
        raise UsageError(f"expected each recipe once, found {text[:200]!r}")
    return names


def recipe_digest(name: str) -> Sha256:
    """The digest of the recipe of this name as it is now.

    Raises:
        UsageError: there is none.
    """
    if name == VIEWING.name:
        return VIEWING.digest
    recipe_names(name)
    return RECIPES[name].digest


def _digest(recipe: AnyRecipe) -> Sha256:
    return Sha256.of(json.dumps(to_plain(recipe), sort_keys=True, separators=(",", ":")).encode())
