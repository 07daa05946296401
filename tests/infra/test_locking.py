"""One command at a time."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from infra.local.locking import exclusive
from pipeline.errors import StackError


def nobody() -> None:
    """What a holder that need not wait is told."""
    pytest.fail("somebody else holds the lock")


def test_a_second_holder_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with exclusive(tmp_path / "lock", wait_s=10, waiting=waiting.set):
            order.append("second")

    with exclusive(tmp_path / "lock", wait_s=1, waiting=nobody):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def test_waiting_ends_with_the_name_of_the_lock(tmp_path: Path) -> None:
    with (
        exclusive(tmp_path / "lock", wait_s=1, waiting=nobody),
        pytest.raises(StackError, match="lock"),
        exclusive(tmp_path / "lock", wait_s=0.3, waiting=lambda: None),
    ):
        pass


def test_a_killed_holder_does_not_hold_on(tmp_path: Path) -> None:
    code = f"""
import time
from pathlib import Path
from infra.local.locking import exclusive
with exclusive(Path({str(tmp_path / "lock")!r}), wait_s=1, waiting=print):
    print("held", flush=True)
    time.sleep(60)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        holder.send_signal(signal.SIGKILL)
        with exclusive(tmp_path / "lock", wait_s=10, waiting=lambda: None):
            pass


def test_a_lock_whose_file_was_deleted_counts_for_nothing(tmp_path: Path) -> None:
    """`reset` deletes the home, lock file and all; whoever waited must lock the new file."""
    entered = threading.Event()
    waiting = threading.Event()

    def second() -> None:
        with exclusive(tmp_path / "lock", wait_s=10, waiting=waiting.set):
            assert (tmp_path / "lock").exists()
            entered.set()

    with exclusive(tmp_path / "lock", wait_s=1, waiting=nobody):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(10)
        (tmp_path / "lock").unlink()
    thread.join()
    assert entered.is_set()
