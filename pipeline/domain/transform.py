"""Where in a variant is this moment and this place of a clip, and the other way round?

What a live stream does to footage moves, hides and bends what was labelled. A transform says exactly what was done, so
that labels are carried over instead of made again. Rules kept here:

* Time is exact. A `TimeMap` is a row of pieces in which the picture runs; between them it stands still or is not shown,
  and what happened then is not visible.
* Geometry is exact too: a homography with rational entries between the pixels of the clip's upright picture (as the
  camera stored them, turned upright) and those of the variant. Pixel (0, 0) is the outer corner of the first pixel.
* A box that leaves the picture is cut at its edge; one that lies wholly outside, or wholly under something painted over
  it, is not visible.
* `None` always means "not visible". Carrying over and back gives the same moment.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from pipeline.domain.timeline import Span

_IDENTITY = tuple(Fraction(int(at % 4 == 0)) for at in range(9))
_ENTRIES = 9


@dataclass(frozen=True, slots=True)
class TimePiece:
    """A part of the clip that runs in the variant: `[source.start_s, source.end_s)` begins at `start_s` there."""

    source: Span
    start_s: Fraction
    speed: Fraction = Fraction(1)
    """Seconds of the clip that pass in a second of the variant."""

    def __post_init__(self) -> None:
        if self.speed <= 0 or self.start_s < 0:
            raise ValueError(f"expected a speed above 0 and a start from 0 on, found {self}")

    @property
    def shown(self) -> Span:
        """Where the piece lies in the variant."""
        return Span(self.start_s, self.start_s + self.source.duration_s / self.speed)


@dataclass(frozen=True, slots=True)
class TimeMap:
    """Which moments of a clip are seen when, in seconds from the first frame of each."""

    pieces: tuple[TimePiece, ...]
    """Ascending in both, none overlapping another."""
    duration_s: Fraction
    """Length of the variant."""

    def __post_init__(self) -> None:
        for before, after in zip(self.pieces, self.pieces[1:], strict=False):
            if before.source.end_s > after.source.start_s or before.shown.end_s > after.start_s:
                raise ValueError(f"expected pieces that ascend, found {before} before {after}")

    @classmethod
    def unchanged(cls, duration_s: Fraction) -> Self:
        """Every moment at its own time."""
        return cls((TimePiece(Span(Fraction(0), duration_s), Fraction(0)),), duration_s)

    def to_variant(self, at_s: Fraction) -> Fraction | None:
        """When a moment of the clip is seen in the variant; `None` where it is not."""
        for piece in self.pieces:
            if piece.source.start_s <= at_s < piece.source.end_s:
                return piece.start_s + (at_s - piece.source.start_s) / piece.speed
        return None

    def to_source(self, at_s: Fraction) -> Fraction | None:
        """Which moment of the clip is seen then; `None` where the picture stands still or there is none."""
        for piece in self.pieces:
            if piece.shown.start_s <= at_s < piece.shown.end_s:
                return piece.source.start_s + (at_s - piece.start_s) * piece.speed
        return None

    def span_to_variant(self, span: Span) -> Span | None:
        """From when to when a span of the clip is seen: from its first visible moment to its last."""
        return _covering(
            Span(
                piece.start_s + (part.start_s - piece.source.start_s) / piece.speed,
                piece.start_s + (part.end_s - piece.source.start_s) / piece.speed,
            )
            for piece in self.pieces
            if (part := span.clamped(piece.source)) is not None
        )

    def span_to_source(self, span: Span) -> Span | None:
        """Which span of the clip is seen in a span of the variant."""
        return _covering(
            Span(
                piece.source.start_s + (part.start_s - piece.start_s) * piece.speed,
                piece.source.start_s + (part.end_s - piece.start_s) * piece.speed,
            )
            for piece in self.pieces
            if (part := span.clamped(piece.shown)) is not None
        )

    def then(self, other: "TimeMap") -> "TimeMap":
        """What is seen when a variant is made of this variant."""
        pieces = []
        for first in self.pieces:
            for second in other.pieces:
                part = first.shown.clamped(second.source)
                if part is None:
                    continue
                source = Span(
                    first.source.start_s + (part.start_s - first.start_s) * first.speed,
                    first.source.start_s + (part.end_s - first.start_s) * first.speed,
                )
                start_s = second.start_s + (part.start_s - second.source.start_s) / second.speed
                pieces.append(TimePiece(source, start_s, first.speed * second.speed))
        return TimeMap(tuple(sorted(pieces, key=lambda piece: piece.start_s)), other.duration_s)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels from the upper left corner, its edges upright."""

    left_px: Fraction
    top_px: Fraction
    right_px: Fraction
    bottom_px: Fraction

    def __post_init__(self) -> None:
        if self.right_px <= self.left_px or self.bottom_px <= self.top_px:
            raise ValueError(f"expected a box with an inside, found {self}")

    @property
    def corners(self) -> tuple[tuple[Fraction, Fraction], ...]:
        """Upper left, upper right, lower left, lower right."""
        return tuple((x, y) for y in (self.top_px, self.bottom_px) for x in (self.left_px, self.right_px))

    def clamped(self, within: "Box") -> "Box | None":
        """The part of this box inside another; `None` when there is none."""
        left, top = max(self.left_px, within.left_px), max(self.top_px, within.top_px)
        right, bottom = min(self.right_px, within.right_px), min(self.bottom_px, within.bottom_px)
        return Box(left, top, right, bottom) if left < right and top < bottom else None

    @classmethod
    def of_size(cls, width_px: Fraction | int, height_px: Fraction | int) -> Self:
        """A whole picture."""
        return cls(Fraction(0), Fraction(0), Fraction(width_px), Fraction(height_px))


@dataclass(frozen=True, slots=True)
class Homography:
    """A map of the plane that keeps straight lines: `(x, y, 1)` times this, divided by the third number."""

    entries: tuple[Fraction, ...] = _IDENTITY
    """Nine, row by row."""

    def __post_init__(self) -> None:
        if len(self.entries) != _ENTRIES or self._determinant == 0:
            raise ValueError(f"expected nine entries that can be turned round, found {self.entries}")

    @classmethod
    def scaling(cls, x: Fraction, y: Fraction) -> Self:
        """Wider and higher by these factors."""
        return cls((x, Fraction(0), Fraction(0), Fraction(0), y, Fraction(0), *_IDENTITY[6:]))

    @classmethod
    def moving(cls, x_px: Fraction, y_px: Fraction) -> Self:
        """To the right and down."""
        return cls((*_IDENTITY[:2], x_px, *_IDENTITY[3:5], y_px, *_IDENTITY[6:]))

    @classmethod
    def onto(cls, box: Box, corners: Sequence[tuple[Fraction, Fraction]]) -> Self:
        """The map that brings the corners of a box (in the order of `Box.corners`) to these points.

        The closed form for the unit square: Heckbert, Fundamentals of Texture Mapping and Image Warping (1989), 2.2.3.
        """
        (x0, y0), (x1, y1), (x3, y3), (x2, y2) = corners
        dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
        dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
        area = dx1 * dy2 - dx2 * dy1
        if area == 0:
            raise ValueError(f"expected four corners that span an area, found {corners}")
        g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
        square = cls(
            (x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h, Fraction(1))
        )
        to_square = cls.moving(-box.left_px, -box.top_px).then(
            cls.scaling(1 / (box.right_px - box.left_px), 1 / (box.bottom_px - box.top_px))
        )
        return cls(to_square.then(square).entries)

    def point(self, x_px: Fraction, y_px: Fraction) -> tuple[Fraction, Fraction]:
        """Where a point goes.

        Raises:
            ZeroDivisionError: it goes to no place in the plane.
        """
        a, b, c, d, e, f, g, h, i = self.entries
        depth = g * x_px + h * y_px + i
        return (a * x_px + b * y_px + c) / depth, (d * x_px + e * y_px + f) / depth

    def then(self, other: "Homography") -> "Homography":
        """This first, the other after it."""
        one, two = self.entries, other.entries
        rows, columns = range(0, _ENTRIES, 3), range(3)
        return Homography(
            tuple(
                sum((two[row + k] * one[3 * k + col] for k in range(3)), Fraction(0)) for row in rows for col in columns
            )
        )

    @property
    def inverse(self) -> "Homography":
        """The way back."""
        a, b, c, d, e, f, g, h, i = self.entries
        turned = (
            *(e * i - f * h, c * h - b * i, b * f - c * e),
            *(f * g - d * i, a * i - c * g, c * d - a * f),
            *(d * h - e * g, b * g - a * h, a * e - b * d),
        )
        return Homography(tuple(entry / self._determinant for entry in turned))

    @property
    def _determinant(self) -> Fraction:
        a, b, c, d, e, f, g, h, i = self.entries
        return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)

    def box(self, box: Box) -> Box:
        """The smallest upright box around where a box goes."""
        points = [self.point(x, y) for x, y in box.corners]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        return Box(min(xs), min(ys), max(xs), max(ys))


@dataclass(frozen=True, slots=True)
class PictureMap:
    """Where in the variant's picture each place of the clip's picture is seen."""

    source_width_px: int
    source_height_px: int
    """Of the clip's upright picture."""
    width_px: int
    height_px: int
    """Of the variant."""
    homography: Homography = Homography()
    covered: tuple[Box, ...] = ()
    """Parts of the variant that something opaque is painted over for all of its length."""

    @classmethod
    def unchanged(cls, width_px: int, height_px: int) -> Self:
        """Every pixel at its own place."""
        return cls(width_px, height_px, width_px, height_px)

    def to_variant(self, box: Box) -> Box | None:
        """Where a box of the clip is seen; `None` where it is not."""
        inside = box.clamped(Box.of_size(self.source_width_px, self.source_height_px))
        seen = self.homography.box(inside).clamped(Box.of_size(self.width_px, self.height_px)) if inside else None
        return None if seen is None or any(seen.clamped(cover) == seen for cover in self.covered) else seen

    def to_source(self, box: Box) -> Box | None:
        """Where in the clip's picture lies what a box of the variant shows; `None` where it shows nothing of it."""
        inside = box.clamped(Box.of_size(self.width_px, self.height_px))
        if inside is None or any(inside.clamped(cover) == inside for cover in self.covered):
            return None
        return self.homography.inverse.box(inside).clamped(Box.of_size(self.source_width_px, self.source_height_px))

    def then(self, other: "PictureMap") -> "PictureMap":
        """What is seen where when a variant is made of this variant."""
        frame = Box.of_size(other.width_px, other.height_px)
        kept = (other.homography.box(cover).clamped(frame) for cover in self.covered)
        return PictureMap(
            self.source_width_px,
            self.source_height_px,
            other.width_px,
            other.height_px,
            self.homography.then(other.homography),
            (*(cover for cover in kept if cover is not None), *other.covered),
        )


@dataclass(frozen=True, slots=True)
class Transform:
    """What was done to a clip, in time and in the picture."""

    time: TimeMap
    picture: PictureMap

    def to_variant(self, at_s: Fraction, box: Box) -> tuple[Fraction, Box] | None:
        """When and where something in a box of the clip is seen; `None` where it is not."""
        moment, place = self.time.to_variant(at_s), self.picture.to_variant(box)
        return None if moment is None or place is None else (moment, place)

    def to_source(self, at_s: Fraction, box: Box) -> tuple[Fraction, Box] | None:
        """The moment and place of the clip that is seen in a box of the variant; `None` where it shows none."""
        moment, place = self.time.to_source(at_s), self.picture.to_source(box)
        return None if moment is None or place is None else (moment, place)

    def then(self, other: "Transform") -> "Transform":
        """What was done when a variant is made of this variant."""
        return Transform(self.time.then(other.time), self.picture.then(other.picture))


def _covering(parts: Iterable[Span]) -> Span | None:
    found = list(parts)
    return Span(min(part.start_s for part in found), max(part.end_s for part in found)) if found else None
