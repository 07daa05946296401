"""Inside the walls there is the input, an output folder and a system to read; no network, nobody else's files."""

import shutil
import signal
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.adapters.sandbox import ChildLimits, Sandbox, walls, walls_here, working_folder
from pipeline.adapters.sandbox.process import Finished
from pipeline.domain.recipe import VIEWING
from pipeline.errors import SettingsError
from tests.footage import make_clip
from tests.walls import hide_bubblewrap


@pytest.fixture
def _bubblewrap() -> None:
    if walls_here().missing:
        pytest.skip("bubblewrap does not work on this machine")


def run_shell(script: str, folder: Path, inputs: dict[str, Path]) -> tuple[Finished, list[bytes]]:
    lines: list[bytes] = []
    shell = Sandbox(limits=ChildLimits(), program="sh")
    return shell.run(["-c", script], folder=folder, inputs=inputs, wall_s=30, on_line=lines.append), lines


@pytest.mark.usefixtures("_bubblewrap")
def test_only_the_input_and_the_output_folder_are_there(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2")
    given = tmp_path / "given"
    given.write_text("given")
    with working_folder(tmp_path / "scratch") as folder:
        script = f"cat in/source; echo; cat {secret} 2>/dev/null; ls /root /home /work /etc/passwd 2>/dev/null; ls"
        _, lines = run_shell(script, folder, {"source": given})
        assert lines == [b"given", b"in", b"out"]
        finished, _ = run_shell("echo no > in/source || echo no > /usr/no || exit 7", folder, {"source": given})
        assert finished.returncode == 7
        run_shell("echo made > out/made", folder, {"source": given})
        assert (folder / "out" / "made").read_text() == "made\n"
    assert given.read_text() == "given"


@pytest.mark.usefixtures("_bubblewrap")
def test_there_is_no_network_and_no_other_process(tmp_path: Path) -> None:
    with working_folder(tmp_path / "scratch") as folder:
        _, lines = run_shell("tail -n +3 /proc/net/dev | cut -d: -f1; ls -d /proc/[0-9]* | wc -l", folder, {})
    assert lines[0].strip() == b"lo"
    assert len(lines) == 2
    assert int(lines[1]) < 10


@pytest.mark.usefixtures("_bubblewrap")
def test_a_program_reaches_nobody_outside_with_a_signal(tmp_path: Path) -> None:
    with working_folder(tmp_path / "scratch") as folder:
        finished, _ = run_shell("kill -KILL 0", folder, {})
    # Where the guard were in the program's group, it would be the one that the kernel says was killed: -9.
    assert finished.returncode == 128 + signal.SIGKILL


def test_without_bubblewrap_the_bytes_are_the_same_and_one_warning_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    media = Ffmpeg(limits=Limits(), scratch=tmp_path / "scratch")
    source = make_clip(tmp_path / "footage.mp4")
    facts = media.probe(source)
    media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "walled.mp4")

    hide_bubblewrap(tmp_path / "programs", monkeypatch)
    assert shutil.which("bwrap") is None
    walls._warn.cache_clear()
    with capture_logs() as logs:
        assert media.probe(source) == facts
        media.render(source, facts, VIEWING, cut_frames=[0], target=tmp_path / "bare.mp4")
    assert [(log["event"], log["log_level"], log["missing"]) for log in logs] == [
        ("sandbox_limited", "warning", "no network, no other process, read-only system, only its inputs to read")
    ]
    assert (tmp_path / "bare.mp4").read_bytes() == (tmp_path / "walled.mp4").read_bytes()


def test_a_working_folder_is_private_and_goes_away_with_its_block(tmp_path: Path) -> None:
    def fail_inside() -> None:
        with working_folder(tmp_path / "scratch", "named.part") as folder:
            assert folder == tmp_path / "scratch" / "named.part"
            assert (folder.stat().st_mode & 0o777) == 0o700
            (folder / "out" / "half").write_bytes(b"x")
            raise EOFError

    with pytest.raises(EOFError):
        fail_inside()
    assert list((tmp_path / "scratch").iterdir()) == []


def test_where_the_walls_are_required_nothing_runs_without_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = make_clip(tmp_path / "footage.mp4")
    demanding = Ffmpeg(limits=Limits(), scratch=tmp_path / "scratch", must_wall=True)
    if not walls_here().missing:
        assert demanding.probe(source).video.frame_count == 50
    hide_bubblewrap(tmp_path / "programs", monkeypatch)
    with pytest.raises(SettingsError, match="FIRSTHAND_SANDBOX=required"):
        demanding.probe(source)
    assert walls_here().missing == walls.BY_BUBBLEWRAP
