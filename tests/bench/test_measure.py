"""What a command costs is what all that it started used, and nothing else."""

import sys
from pathlib import Path

import pytest

from tests.bench.bare import AAC, PICTURE, X264_CLOSED
from tests.bench.gauge import alone_s
from tests.bench.measure import cost_of
from tests.bench.peers.cuts import ENCODING

BURN = "import os, time\nwhile time.process_time() < 0.4: pass\n"
ORPHAN = f"import os\nif os.fork() or os.fork(): os._exit(0)\n{BURN}"


def test_descendants_that_nobody_waits_for_are_counted() -> None:
    cost = cost_of([sys.executable, "-c", ORPHAN])
    assert cost.cpu_s >= 0.4
    assert cost.wall_s >= cost.alone_s > 0
    assert cost.peak_mb > 1


def test_an_encoder_is_noticed(tmp_path: Path) -> None:
    made = ["-f", "lavfi", "-i", "testsrc2=s=640x360:r=25:d=12", "-c:v", "libx264", str(tmp_path / "made.mp4")]
    assert cost_of(["ffmpeg", "-nostdin", "-v", "error", *made]).encoding_s > 0
    assert cost_of([sys.executable, "-c", BURN]).encoding_s == 0


def test_a_command_that_fails_has_no_cost() -> None:
    with pytest.raises(RuntimeError, match=r"ended with 1: .*because"):
        cost_of([sys.executable, "-c", "import sys; sys.exit('because')"])


def test_what_others_took_is_left_out_of_the_time_alone() -> None:
    assert alone_s(10, 5, 0, processors=2) == 10  # it slept for half of it
    assert alone_s(10, 5, 5, processors=2) == 5  # one thread, kept waiting half of the time
    assert alone_s(10, 5, 2, processors=2) == 8  # and asleep for a while
    assert alone_s(10, 10, 10, processors=2) == 5  # two threads shared one processor
    assert alone_s(10, 20, 20, processors=2) == 10  # four threads had both: it waited for itself
    assert alone_s(10, 0, 0, processors=2) == 10


def test_peers_are_told_to_encode_as_bare_ffmpeg_does() -> None:
    assert f"-map 0:v:0 -map 0:a:0 -vf {PICTURE} {' '.join((*X264_CLOSED, *AAC))}" == ENCODING
