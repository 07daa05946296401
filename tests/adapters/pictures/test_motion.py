from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pipeline.adapters.pictures import measure_motion
from pipeline.domain.small_pictures import GREY_SIDE_PX


def scene() -> NDArray[np.uint8]:
    """A picture twice as large as is looked at, smooth enough to be moved by parts of a point."""
    noise = np.random.default_rng(1).normal(size=(2 * GREY_SIDE_PX, 2 * GREY_SIDE_PX))
    spectrum = np.fft.fft2(noise)
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(2 * GREY_SIDE_PX), np.fft.fftfreq(2 * GREY_SIDE_PX)))
    smooth = np.fft.ifft2(spectrum / (1 + (frequency * 12) ** 2)).real
    return ((smooth - smooth.min()) / np.ptp(smooth) * 255).astype(np.uint8)


def write(path: Path, *pictures: NDArray[np.uint8]) -> Path:
    path.write_bytes(b"".join(picture.tobytes() for picture in pictures))
    return path


@pytest.mark.parametrize(("down", "right"), [(0, 3), (4, 0), (3, 4), (0, 0)])
def test_a_picture_that_moves_is_measured_in_shares_of_its_width(tmp_path: Path, down: int, right: int) -> None:
    whole = scene()
    views = [whole[n * down : n * down + GREY_SIDE_PX, n * right : n * right + GREY_SIDE_PX] for n in range(6)]
    shift = measure_motion(write(tmp_path / "grey", *views)).shift
    assert shift[0] == 0
    assert shift[1:] == pytest.approx([np.hypot(down, right) / GREY_SIDE_PX * 1000] * 5, abs=8)


def test_where_nothing_is_to_be_seen_fields_are_flat(tmp_path: Path) -> None:
    covered = scene()[:GREY_SIDE_PX, :GREY_SIDE_PX].copy()
    covered[: GREY_SIDE_PX // 2] = 20
    nothing = np.full((GREY_SIDE_PX, GREY_SIDE_PX), 20, np.uint8)
    flat = measure_motion(write(tmp_path / "grey", nothing, covered)).flat
    assert flat[0] == 1000
    assert 450 <= flat[1] <= 700


def test_batches_change_nothing_and_half_a_picture_is_none(tmp_path: Path) -> None:
    whole = scene()
    views = [whole[n % 30 : n % 30 + GREY_SIDE_PX, :GREY_SIDE_PX] for n in range(600)]
    path = write(tmp_path / "grey", *views)
    found = measure_motion(path)
    path.write_bytes(path.read_bytes() + b"half")
    assert measure_motion(path) == found
    assert len(found.shift) == len(found.flat) == 600
    assert found.shift[512] == found.shift[452]
