"""Which processes are ours, and what stopping them does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from infra.local.process import ONCE, Command, adopt, find, listens_on, living, marked, run_once, spawn, stop
from infra.local.state import ProcessRecord
from pipeline.errors import StackError

STACK_ID = f"test-{os.getpid()}"
PYTHON = sys.executable


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    stop([process for _, process in marked(STACK_ID)], with_signal=signal.SIGKILL, within_s=1)


def start(tmp_path: Path, code: str, *, name: str = "part", stack_id: str = STACK_ID) -> ProcessRecord:
    command = Command(name, (PYTHON, "-c", code), {"PATH": os.environ["PATH"]}, tmp_path, "print")
    return spawn(command, stack_id=stack_id, log=tmp_path / "logs" / "part.log")


def until(fact: Callable[[], object], within_s: float = 10.0) -> None:
    deadline = time.monotonic() + within_s
    while not fact():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)


def test_a_started_process_is_found_by_pid_and_start_time(tmp_path: Path) -> None:
    record = start(tmp_path, "import time; time.sleep(60)")
    process = find(record)
    assert process is not None
    assert process.pid == record.pid
    assert os.getsid(record.pid) == record.pid, "it must not die with our terminal"


def test_another_process_with_the_same_pid_is_not_ours(tmp_path: Path) -> None:
    record = start(tmp_path, "import time; time.sleep(60)")
    assert find(replace(record, started_at=record.started_at - 5)) is None


def test_an_ended_child_is_not_alive(tmp_path: Path) -> None:
    record = start(tmp_path, "pass")
    until(lambda: find(record) is None)


def test_output_goes_to_a_private_log(tmp_path: Path) -> None:
    record = start(tmp_path, "print('said')")
    until(lambda: find(record) is None)
    log = tmp_path / "logs" / "part.log"
    assert log.read_text() == "said\n"
    assert log.stat().st_mode & 0o777 == 0o600


def test_stop_ends_the_process_and_its_children(tmp_path: Path) -> None:
    record = start(tmp_path, "import subprocess as s, time; s.Popen(['sleep', '61']); time.sleep(60)")
    until(lambda: psutil.Process(record.pid).children())
    process = psutil.Process(record.pid)
    child = process.children()[0]
    stop([process], with_signal=signal.SIGTERM, within_s=5)
    assert find(record) is None
    until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    code = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    )
    record = start(tmp_path, code)
    until(lambda: "deaf" in (tmp_path / "logs" / "part.log").read_text())
    process = find(record)
    assert process is not None
    stop([process], with_signal=signal.SIGTERM, within_s=0.3)
    assert find(record) is None


def test_sigint_works_even_if_our_parent_ignores_it(tmp_path: Path) -> None:
    code = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
from pathlib import Path
from infra.local.process import Command, spawn
sleep = Command("part", (sys.executable, "-c", "import time; time.sleep(60)"), {{}}, Path("."), "")
print(spawn(sleep, stack_id={STACK_ID!r}, log=Path({str(tmp_path / "part.log")!r})).pid)
"""
    said = subprocess.run([PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout
    process = psutil.Process(int(said))
    until(lambda: "sleep(60)" in process.cmdline()[-1] and len(process.cmdline()) == 3)
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE)


def test_a_process_that_was_never_recorded_is_adopted_by_its_mark(tmp_path: Path) -> None:
    record = start(tmp_path, "import time; time.sleep(60)", name="s3-proxy")
    found = adopt({}, STACK_ID)
    assert {name: (adopted.pid, adopted.fingerprint) for name, adopted in found.items()} == {
        "s3-proxy": (record.pid, "")
    }
    assert adopt({"s3-proxy": record}, STACK_ID) == {}


def test_a_process_whose_clock_was_set_keeps_its_fingerprint(tmp_path: Path) -> None:
    record = start(tmp_path, "import time; time.sleep(60)")
    assert adopt({"part": replace(record, started_at=record.started_at - 99)}, STACK_ID)["part"].fingerprint == "print"


def test_processes_of_another_stack_are_not_marked_as_ours(tmp_path: Path) -> None:
    start(tmp_path, "import time; time.sleep(60)", stack_id=f"{STACK_ID}-other")
    try:
        assert list(marked(STACK_ID)) == []
        assert list(marked("")) == []
    finally:
        others = [process for _, process in marked(f"{STACK_ID}-other")]
        stop(others, with_signal=signal.SIGKILL, within_s=1)
    assert len(others) == 1


def test_a_process_is_found_in_every_moment_of_its_start(tmp_path: Path) -> None:
    """It becomes the launcher and then its program; in between it has no environment."""
    for _ in range(20):
        record = start(tmp_path, "import time; time.sleep(60)")
        for _ in range(10):
            assert [process.pid for _, process in marked(STACK_ID)] == [record.pid]
        stop([psutil.Process(record.pid)], with_signal=signal.SIGKILL, within_s=5)


def test_a_process_with_the_pid_of_one_that_was_seen_is_another(tmp_path: Path) -> None:
    record = start(tmp_path, "import time; time.sleep(60)")
    seen = {process.pid: process for process in living()}
    assert {process.pid: process for process in living()}[record.pid] is not seen[record.pid]


def test_children_carry_the_mark_but_are_not_adopted(tmp_path: Path) -> None:
    record = start(tmp_path, "import subprocess as s, time; s.Popen(['sleep', '62']); time.sleep(60)", name="worker")
    until(lambda: len(list(marked(STACK_ID))) == 2)
    assert [adopted.pid for adopted in adopt({}, STACK_ID).values()] == [record.pid]


def test_a_listener_is_known_by_its_port(tmp_path: Path) -> None:
    code = (
        "import socket, time; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen(); "
        "print(s.getsockname()[1], flush=True); time.sleep(60)"
    )
    record = start(tmp_path, code)
    until(lambda: (tmp_path / "logs" / "part.log").read_text().strip())
    port = int((tmp_path / "logs" / "part.log").read_text())
    process = find(record)
    assert process is not None
    assert listens_on(process, port)
    assert not listens_on(process, port + 1)


def test_a_failed_program_says_why_and_where_its_log_is(tmp_path: Path) -> None:
    argv = [PYTHON, "-c", "import sys; print('the reason', file=sys.stderr); sys.exit(3)"]
    with pytest.raises(StackError, match=r"ended with 3(?s:.)*the reason(?s:.)*once\.log"):
        run_once("it", argv, env={}, cwd=tmp_path, stack_id=STACK_ID, log=tmp_path / "once.log")


def test_a_program_that_is_waited_for_carries_the_mark(tmp_path: Path) -> None:
    argv = [PYTHON, "-c", "import os; print(os.environ['FIRSTHAND_STACK_PROCESS'])"]
    said = run_once("it", argv, env={}, cwd=tmp_path, stack_id=STACK_ID, log=tmp_path / "once.log")
    assert said == f"{STACK_ID}:{ONCE}\n"
