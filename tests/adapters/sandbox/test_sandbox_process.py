"""However a run ends, nothing of it is left: not on a timeout, not on a cancel, not when we are killed ourselves."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from pipeline.adapters.ffmpeg.faults import blame
from pipeline.adapters.sandbox import ChildLimits, Sandbox, walls_here, working_folder
from pipeline.adapters.sandbox.process import Finished, run_child
from pipeline.errors import DamagedMediaError, MediaLimitError, MediaToolError, SettingsError
from tests.walls import hide_bubblewrap

PATIENCE_S = 20
ROOT = Path(__file__).parents[3]

ENDLESS = ["-nostdin", "-v", "error", "-f", "lavfi", "-i", "testsrc2=rate=5", "-vf", "realtime", "-f", "null", "-"]


def endless(mark: str) -> list[str]:
    """An encode that never ends, to be found by a mark in its command line."""
    return [*ENDLESS[:-3], "-metadata", f"title={mark}", *ENDLESS[-3:]]


def running(mark: str) -> list[int]:
    """Every live process that carries the mark, sandboxed or not."""
    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if f"title={mark}" in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


def wait_until(fact: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not fact():
        assert time.monotonic() < deadline_s, "did not happen in time"
        time.sleep(0.02)


def one_who_runs(mark: str, folder: Path) -> "subprocess.Popen[bytes]":
    """A process that runs the endless encode, and can be killed."""
    program = f"""
from pathlib import Path
from pipeline.adapters.sandbox import ChildLimits, Sandbox, working_folder
with working_folder(Path({str(folder)!r})) as folder:
    Sandbox(limits=ChildLimits(), program="ffmpeg").run({endless(mark)!r}, folder=folder, inputs={{}}, wall_s=600)
"""
    return subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)


@pytest.fixture(params=["bubblewrap", "limits alone"])
def _within_both_walls(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "limits alone":
        hide_bubblewrap(tmp_path / "programs", monkeypatch)
    elif walls_here().missing:
        pytest.skip("bubblewrap does not work on this machine")


@pytest.mark.parametrize(
    "held",
    [
        pytest.param("sh -c 'echo begun >&9; sleep 60' bwrap", id="before it forks"),
        pytest.param("bwrap --unshare-user --info-fd 9 --userns-block-fd 8", id="before its inner half may go on"),
        pytest.param("bwrap --info-fd 9 --block-fd 8", id="before its inner half asks to die with it"),
    ],
)
def test_a_bubblewrap_caught_at_its_start_does_not_outlive_us(
    held: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is held where it passes in microseconds: a file that nobody writes to is what it waits for."""
    bwrap = shutil.which("bwrap")
    if bwrap is None or walls_here().missing:
        pytest.skip("bubblewrap does not work on this machine")
    mark, begun, never = f"held-{tmp_path}", tmp_path / "begun", tmp_path / "never"
    os.mkfifo(never)
    holding = tmp_path / "programs" / "bwrap"
    holding.parent.mkdir()
    hold = f'PATH={Path(bwrap).parent}:$PATH; case "$*" in *{mark}*) exec 8<>{never} 9>{begun}; exec {held} "$@";; esac'
    holding.write_text(f'#!/bin/sh\n{hold}\nexec bwrap "$@"\n')
    holding.chmod(0o700)
    monkeypatch.setenv("PATH", f"{holding.parent}{os.pathsep}{os.environ['PATH']}")
    parent = one_who_runs(mark, tmp_path)
    try:
        wait_until(lambda: begun.exists() and begun.stat().st_size > 0)
        assert running(mark)
        parent.kill()
        parent.wait()
        wait_until(lambda: not running(mark))
    finally:
        for left in [parent.pid, *running(mark)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(left, signal.SIGKILL)
        parent.wait()


@pytest.mark.usefixtures("_within_both_walls")
class TestNothingIsLeft:
    def test_after_a_timeout(self, tmp_path: Path) -> None:
        mark = f"timeout-{tmp_path}"
        sandbox = Sandbox(limits=ChildLimits(), program="ffmpeg")
        with pytest.raises(MediaLimitError, match="longer than 1 s"), working_folder(tmp_path / "scratch") as folder:
            sandbox.run(endless(mark), folder=folder, inputs={}, wall_s=1)
        wait_until(lambda: not running(mark))
        assert list((tmp_path / "scratch").iterdir()) == []

    @pytest.mark.parametrize("cancel", [KeyboardInterrupt, SystemExit, RuntimeError])
    def test_after_a_cancel(self, cancel: type[BaseException], tmp_path: Path) -> None:
        mark = f"cancel-{tmp_path}"
        seen: list[int] = []

        def stop(_: bytes) -> None:
            seen.extend(running(mark))
            raise cancel

        arguments = ["-progress", "pipe:1", *endless(mark)]
        sandbox = Sandbox(limits=ChildLimits(), program="ffmpeg")
        with pytest.raises(cancel), working_folder(tmp_path / "scratch") as folder:
            sandbox.run(arguments, folder=folder, inputs={}, wall_s=60, on_line=stop)
        assert seen
        wait_until(lambda: not running(mark))

    def test_after_we_were_killed(self, tmp_path: Path) -> None:
        mark = f"killed-{tmp_path}"
        parent = one_who_runs(mark, tmp_path)
        try:
            wait_until(lambda: bool(running(mark)))
            os.kill(parent.pid, signal.SIGKILL)
            parent.wait()
            wait_until(lambda: not running(mark))
        finally:
            parent.kill()
            parent.wait()

    def test_a_child_that_somebody_kills_is_not_the_footages_fault(self, tmp_path: Path) -> None:
        mark = f"stabbed-{tmp_path}"

        def stab(_: bytes) -> None:
            for process in map(psutil.Process, running(mark)):
                if process.name() == "ffmpeg":
                    process.kill()

        arguments = ["-progress", "pipe:1", *endless(mark)]
        with working_folder(tmp_path / "scratch") as folder:
            sandbox = Sandbox(limits=ChildLimits(), program="ffmpeg")
            finished = sandbox.run(arguments, folder=folder, inputs={}, wall_s=60, on_line=stab)
        assert type(blame(finished, "encoding", DamagedMediaError)) is MediaToolError
        assert not running(mark)

    def test_kernel_limits_are_set_in_the_child(self, tmp_path: Path) -> None:
        lines: list[bytes] = []
        limits = ChildLimits(memory_bytes=3_000_000_000, file_bytes=70_000_000)
        with working_folder(tmp_path / "scratch") as folder:
            Sandbox(limits=limits, program="cat").run(
                ["/proc/self/limits"], folder=folder, inputs={}, wall_s=30, on_line=lines.append
            )
        found = {line[:25].strip().decode(): line[26:47].strip().decode() for line in lines}
        assert found["Max cpu time"] == "60"
        assert found["Max file size"] == "70000000"
        assert int(found["Max address space"]) == 3_000_000_000
        assert found["Max open files"] == "128"
        assert found["Max core file size"] == "0"

    def test_the_environment_holds_no_secret(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("FIRSTHAND_S3_SECRET_ACCESS_KEY", "hunter2")
        lines: list[bytes] = []
        with working_folder(tmp_path / "scratch") as folder:
            Sandbox(limits=ChildLimits(), program="cat").run(
                ["/proc/self/environ"], folder=folder, inputs={}, wall_s=30, on_line=lines.append
            )
        assert b"PATH=" in b"".join(lines)
        assert b"hunter2" not in b"".join(lines)


def test_a_thread_that_ends_does_not_take_the_next_child_with_it(tmp_path: Path) -> None:
    ended: list[Finished] = []
    for _ in range(2):
        thread = threading.Thread(
            target=lambda: ended.append(run_child([sys.executable, "-c", "print()"], cwd=tmp_path, wall_s=30))
        )
        thread.start()
        thread.join()
    assert [finished.returncode for finished in ended] == [0, 0]


def test_lines_come_whole_and_the_end_of_stderr_is_kept(tmp_path: Path) -> None:
    lines: list[bytes] = []
    program = (
        "import sys; print('a'); print('b' * 200_000); sys.stdout.write('c'); sys.stderr.write('x' * 100_000 + 'end')"
    )
    finished = run_child([sys.executable, "-c", program], cwd=tmp_path, wall_s=30, on_line=lines.append)
    assert lines == [b"a", b"b" * 200_000, b"c"]
    assert finished.stderr.endswith("xend")
    assert len(finished.stderr) == 1 << 16


def test_an_endless_line_is_refused(tmp_path: Path) -> None:
    program = "import sys\nwhile True: sys.stdout.write('x' * 65536)"
    with pytest.raises(MediaLimitError, match="a longer one"):
        run_child([sys.executable, "-c", program], cwd=tmp_path, wall_s=30, on_line=lambda _: None)


def test_a_program_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SettingsError, match="ffmpeg was not found"):
        Sandbox(limits=ChildLimits(), program="ffmpeg")


def test_a_command_beyond_the_kernels_size_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaLimitError, match="one command can name"):
        run_child([sys.executable, "x" * 200_000], cwd=tmp_path, wall_s=30)
