"""Every contender has a row: with numbers, or with the reason why there are none."""

from fractions import Fraction
from pathlib import Path

import pytest

from tests.bench import speed
from tests.bench.contender import CLIPS, Contender, Measured, refused
from tests.bench.measure import Cost
from tests.bench.source import Source
from tests.bench.table import Section
from tests.footage import make_clip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "source.mp4", audio=None)


def _copies(source: Source, folder: Path) -> Measured:
    (folder / CLIPS).mkdir()
    (folder / CLIPS / "0.mp4").symlink_to(source.path)
    return Measured(Cost(cpu_s=4, wall_s=9, alone_s=1, peak_mb=10), servers_cpu_s=0.5)


def _measured(monkeypatch: pytest.MonkeyPatch, source: Path, *contenders: Contender) -> Section:
    monkeypatch.setattr(speed, "_contenders", lambda *_: list(contenders))
    return speed.section(source=source, repeats=2)


def test_a_row_has_what_was_measured_and_the_frames(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    made = _measured(monkeypatch, source, Contender(speed.BARE, "copies", _copies), refused("peer", "cuts", "no wheel"))
    bare, peer = (dict(zip(made.columns, row, strict=True)) for row in made.rows)
    assert (bare["CPU s"], bare["against bare"], bare["servers CPU s"], bare["runs"]) == (4, 1, 0.5, 2)
    assert (bare["CPU s per s"], bare["times real time"]) == (2, 2)
    assert (bare["lost"], bare["twice"], bare["hidden"]) == (0, 0, 0)
    assert (peer["CPU s"], peer["runs"]) == (None, "0: see below")
    assert "peer failed: no wheel" in made.notes


def test_interrupted_it_tells_what_it_has(monkeypatch: pytest.MonkeyPatch, source: Path) -> None:
    def interrupted(_: Source, __: Path) -> Measured:
        raise KeyboardInterrupt

    made = _measured(
        monkeypatch, source, Contender(speed.BARE, "copies", _copies), Contender("slow", "waits", interrupted)
    )
    assert made.rows[0][-1] == 1
    assert made.notes[-1].startswith("Interrupted in round 1 of 2")


def test_a_source_is_cut_every_ten_seconds_and_a_short_tail_stays() -> None:
    def cuts(frames: int) -> tuple[int, ...]:
        return Source(Path("src.mp4"), frames, Fraction(30000, 1001), (), ()).cut_frames

    assert cuts(3597) == tuple(range(0, 3597, 300))
    assert cuts(640) == (0, 300)
    assert cuts(40) == (0,)
