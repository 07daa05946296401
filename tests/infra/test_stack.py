"""The stack as a whole, on its two cheap parts: what survives, what is brought back, what is left alone."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.local import NOT_ANSWERING, RUNNING, STOPPED, Phase, Stack
from infra.local.process import living
from infra.local.state import ProcessRecord, State
from pipeline.errors import StackError
from tests.infra.s3_door import s3_client
from tests.stack_fixtures import PROJECT, SessionStack, watchdog

TOOLS = Path(os.environ.get("FIRSTHAND_TOOLS") or PROJECT / ".tools")
PARTS = ("postgres", "s3")
PROCESSES = {"postgres", "s3-account", "s3-container", "s3-object", "s3-proxy"}

BRING_UP = (
    "import sys; from pathlib import Path; from infra.local import Stack; "
    "Stack(*map(Path, sys.argv[2:])).up(sys.argv[1].split(','), lambda _: None)"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SessionStack]:
    """A stack of this module's own, because its tests kill it; below private folders, with a space in its path."""
    home = tmp_path_factory.mktemp("own") / "a home"
    made = SessionStack(Stack(home, TOOLS, PROJECT))
    with watchdog(home, TOOLS):
        yield made
        made.stack.reset(made.told.append)
        assert not home.exists()


@pytest.fixture
def up(own: SessionStack) -> SessionStack:
    return own.ensure(*PARTS)


def pids(stack: SessionStack) -> dict[str, int]:
    return {name: record.pid for name, record in State.load(stack.home).processes.items()}


def remember(stack: SessionStack, words: str) -> None:
    """Leave something in both servers."""
    with psycopg.connect(database_url(stack)) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (words text)")
        connection.execute("INSERT INTO kept VALUES (%s)", (words,))
    with s3_client(stack.settings) as s3:
        s3.put_object(Bucket="originals", Key=words, Body=words.encode())


def remembers(stack: SessionStack, words: str) -> bool:
    """Whether both servers still have it, and list it."""
    with psycopg.connect(database_url(stack)) as connection:
        row = connection.execute("SELECT 1 FROM kept WHERE words = %s", (words,)).fetchone()
    with s3_client(stack.settings) as s3:
        listed = [entry["Key"] for entry in s3.list_objects_v2(Bucket="originals", Prefix=words).get("Contents", [])]
        return (
            row == (1,)
            and listed == [words]
            and s3.get_object(Bucket="originals", Key=words)["Body"].read() == (words.encode())
        )


def database_url(stack: SessionStack) -> str:
    return stack.settings["FIRSTHAND_DATABASE_URL"].replace("+psycopg", "")


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def states(stack: SessionStack) -> dict[str, str]:
    return {part.name: part.state for part in stack.stack.status()}


def test_up_starts_what_was_asked_for_and_nothing_else(up: SessionStack) -> None:
    assert set(pids(up)) == PROCESSES
    assert states(up) == {
        "postgres": RUNNING,
        "s3": RUNNING,
        "prefect": STOPPED,
        "worker": STOPPED,
        "label-studio": STOPPED,
    }


def test_every_port_is_on_the_loopback_only(up: SessionStack) -> None:
    for pid in pids(up).values():
        listening = [c for c in psutil.Process(pid).net_connections() if c.status == psutil.CONN_LISTEN]
        assert listening
        assert {connection.laddr.ip for connection in listening} == {"127.0.0.1"}


def test_up_again_changes_nothing(up: SessionStack) -> None:
    before = pids(up)
    up.ensure(*PARTS)
    assert pids(up) == before


def test_up_from_another_terminal_changes_nothing(up: SessionStack, monkeypatch: pytest.MonkeyPatch) -> None:
    before = pids(up)
    monkeypatch.setenv("LANG", "cy_GB.UTF-8")
    monkeypatch.setenv("PATH", f"/somewhere/else:{os.environ['PATH']}")
    up.ensure(*PARTS)
    assert pids(up) == before


def test_everything_in_the_home_is_private(up: SessionStack) -> None:
    for name in ("firsthand.env", "partner.env", "secrets.json", "state.json", "logs/postgres.log", "logs/s3.log"):
        assert (up.home / name).stat().st_mode & 0o077 == 0, name
    assert up.home.stat().st_mode & 0o077 == 0


def test_data_survives_down_and_up(up: SessionStack) -> None:
    remember(up, "before-down")
    up.stack.down(up.told.append)
    assert pids(up) == {}
    assert set(states(up).values()) == {STOPPED}
    settings = up.settings
    up.ensure(*PARTS)
    assert up.settings == settings
    assert remembers(up, "before-down")


@pytest.mark.parametrize("name", ["postgres", "s3-container", "s3-proxy"])
def test_a_killed_process_is_started_again_and_the_others_are_left_alone(up: SessionStack, name: str) -> None:
    remember(up, f"before-the-kill-of-{name}")
    before = pids(up)
    kill(before[name])
    assert states(up)["postgres" if name == "postgres" else "s3"] != RUNNING
    up.ensure(*PARTS)
    after = pids(up)
    assert after[name] != before[name]
    assert {key: pid for key, pid in after.items() if key != name} == {
        key: pid for key, pid in before.items() if key != name
    }
    assert remembers(up, f"before-the-kill-of-{name}")


def test_everything_killed_at_once_comes_back_with_its_data(up: SessionStack) -> None:
    remember(up, "before-the-massacre")
    for pid in pids(up).values():
        os.kill(pid, signal.SIGKILL)
    up.ensure(*PARTS)
    assert remembers(up, "before-the-massacre")


def test_a_killed_postgres_that_stays_a_zombie_is_started_again(tmp_path: Path) -> None:
    """In a container without an init nobody buries the dead; their pids look alive."""
    stack = SessionStack(Stack(tmp_path / "home", TOOLS, PROJECT))
    argv = [sys.executable, "-c", f"{BRING_UP}; print('up', flush=True); input()", "postgres"]
    with (
        watchdog(stack.home, TOOLS),
        subprocess.Popen(
            [*argv, stack.home, TOOLS, PROJECT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as parent,
    ):
        assert parent.stdout is not None
        assert parent.stdout.readline() == "up\n"
        before = pids(stack)["postgres"]
        kill(before)
        assert psutil.Process(before).status() == psutil.STATUS_ZOMBIE
        stack.ensure("postgres")
        assert pids(stack)["postgres"] != before
        stack.stack.reset(stack.told.append)
        parent.communicate("done\n")


def test_a_silent_process_is_reported_with_its_log_and_started_anew(
    up: SessionStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.local.raising.PATIENCE_S", 1.0)
    monkeypatch.setattr("infra.local.parts.swift.CHECK_TIMEOUT_S", 1.0)
    pid = pids(up)["s3-container"]
    os.kill(pid, signal.SIGSTOP)
    silent = next(part for part in up.stack.status() if part.name == "s3")
    assert silent.state == NOT_ANSWERING
    assert "container" in silent.detail
    assert silent.log.exists()
    up.ensure(*PARTS)
    assert pids(up)["s3-container"] != pid
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert states(up)["s3"] == RUNNING


def test_a_port_that_was_taken_meanwhile_moves_and_clients_are_told(up: SessionStack) -> None:
    remember(up, "before-the-move")
    up.stack.down(up.told.append)
    state = State.load(up.home)
    taken = {name: state.ports[name] for name in ("postgres", "s3-proxy", "s3-object")}
    squatters = [socket.create_server(("127.0.0.1", port)) for port in taken.values()]
    try:
        up.ensure(*PARTS)
        moved = State.load(up.home).ports
        assert all(moved[name] != port for name, port in taken.items())
        assert moved["s3-account"] == state.ports["s3-account"]
        assert f":{moved['postgres']}/" in up.settings["FIRSTHAND_DATABASE_URL"]
        for settings, key in ((up.settings, "FIRSTHAND_S3_"), (up.partner, "FIRSTHAND_PARTNER_S3_")):
            assert settings[f"{key}ENDPOINT_URL"] == f"http://127.0.0.1:{moved['s3-proxy']}"
        assert remembers(up, "before-the-move")
    finally:
        for squatter in squatters:
            squatter.close()


def test_a_port_that_label_studio_will_lose_changes_who_may_read_from_the_store(up: SessionStack) -> None:
    """The store lets in the pages of Label Studio by its port: if that moves, the proxy is started with the new one."""
    before = pids(up)
    state = State.load(up.home)
    state.ports["label-studio"] += 1
    state.save()
    up.ensure("postgres")
    after = pids(up)
    assert {name for name in after if after[name] != before[name]} == {"s3-proxy"}


def test_down_leaves_a_process_alone_that_only_has_our_pid(up: SessionStack) -> None:
    with subprocess.Popen(["sleep", "60"]) as stranger:
        state = State.load(up.home)
        started_at = psutil.Process(stranger.pid).create_time()
        kill(state.processes["s3-proxy"].pid)
        state.remember("s3-proxy", ProcessRecord(stranger.pid, started_at - 100, "print"))
        assert states(up)["s3"] == NOT_ANSWERING
        up.stack.down(up.told.append)
        assert stranger.poll() is None
        stranger.kill()


def test_down_twice_is_harmless(up: SessionStack) -> None:
    for _ in range(2):
        up.stack.down(up.told.append)
    assert pids(up) == {}


def test_a_process_that_nobody_recorded_is_still_ended_by_down(up: SessionStack) -> None:
    """`up` was killed between starting a process and writing that down."""
    lost = pids(up)["s3-account"]
    State.load(up.home).forget("s3-account")
    up.stack.down(up.told.append)
    assert not psutil.pid_exists(lost) or psutil.Process(lost).status() == psutil.STATUS_ZOMBIE


def test_two_ups_at_once_are_one_up(own: SessionStack) -> None:
    own.stack.down(own.told.append)
    failures: list[BaseException] = []

    def bring_up() -> None:
        try:
            own.stack.up(PARTS, own.told.append)
        except StackError as exc:
            failures.append(exc)

    threads = [threading.Thread(target=bring_up) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    marked = [p for p in living() if _is_of(p, State.load(own.home).stack_id)]
    assert sorted(pids(own).values()) == sorted(p.pid for p in marked if os.getsid(p.pid) == p.pid)


def test_a_failure_names_the_part_its_last_words_and_its_log(up: SessionStack) -> None:
    up.stack.down(up.told.append)
    version = up.home / "postgres" / "data" / "PG_VERSION"
    right = version.read_text()
    version.write_text("9\n")
    up.told.clear()
    try:
        with pytest.raises(StackError, match=r"postgres did not come up(?s:.)*incompatible(?s:.)*postgres\.log"):
            up.stack.up(("postgres", "worker"), up.told.append)
    finally:
        version.write_text(right)
    last = {progress.part: progress.phase for progress in up.told}
    assert last["postgres"] == last["prefect"] == last["worker"] == Phase.FAILED


def test_progress_ends_with_an_address_for_each_part(up: SessionStack) -> None:
    up.told.clear()
    up.ensure(*PARTS)
    ready = {progress.part: progress.detail for progress in up.told if progress.phase == Phase.READY}
    assert set(ready) == set(PARTS)
    assert all(
        detail.startswith(("http://127.0.0.1:", "postgresql://firsthand@127.0.0.1:")) for detail in ready.values()
    )
    assert not any(
        secret in detail for detail in ready.values() for secret in up.settings.values() if len(secret) == 40
    )


@pytest.mark.parametrize("delay_s", [0.4, 1.2, 2.2])
def test_a_first_up_that_is_killed_half_way_is_completed_by_the_next(tmp_path: Path, delay_s: float) -> None:
    """Within initdb, between starts, while buckets are made: wherever the kill falls."""
    home = tmp_path / "home"
    stack = SessionStack(Stack(home, TOOLS, PROJECT))
    with watchdog(home, TOOLS):
        with subprocess.Popen([sys.executable, "-c", BRING_UP, ",".join(PARTS), home, TOOLS, PROJECT]) as first:
            # Counted from its first trace: how long Python takes to begin is not the question.
            while not home.exists():
                time.sleep(0.01)
            time.sleep(delay_s)
            first.kill()
        stack.ensure(*PARTS)
        remember(stack, "after")
        assert remembers(stack, "after")
        stack_id = State.load(home).stack_id
        leaders = {p.pid for p in living() if _is_of(p, stack_id) and os.getsid(p.pid) == p.pid}
        assert leaders == set(pids(stack).values()), "something runs that nobody knows of"
        stack.stack.reset(stack.told.append)


def test_reset_leaves_no_process_and_no_file(tmp_path: Path) -> None:
    stack = SessionStack(Stack(tmp_path / "home", TOOLS, PROJECT))
    with watchdog(stack.home, TOOLS):
        stack.ensure("postgres")
        running = pids(stack)
        stack.stack.reset(stack.told.append)
        assert not stack.home.exists()
        assert not any(psutil.pid_exists(pid) and psutil.Process(pid).status() != "zombie" for pid in running.values())
        stack.stack.reset(stack.told.append)


def test_reset_deletes_nothing_that_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    stack = SessionStack(Stack(tmp_path, TOOLS, PROJECT))
    stack.stack.down(stack.told.append)
    assert (tmp_path / "state.json").exists()
    stack.stack.reset(stack.told.append)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_killed_test_session_leaves_no_stack_behind(tmp_path: Path) -> None:
    home = tmp_path / "home"
    code = (
        "import sys; from pathlib import Path; from tests.stack_fixtures import *\n"
        "home, tools = map(Path, sys.argv[1:])\n"
        "with watchdog(home, tools):\n"
        "    Stack(home, tools, PROJECT).up(('s3',), lambda _: None)\n"
        "    print('up', flush=True)\n"
        "    input()\n"
    )
    argv = [sys.executable, "-c", code, str(home), str(TOOLS)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=PROJECT) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == "up\n"
        running = [record.pid for record in State.load(home).processes.values()]
        assert len(running) == 4
        session.kill()
    deadline = time.monotonic() + 120  # a check of the end, not of speed: the watchdog imports for seconds when busy
    while home.exists() or any(psutil.pid_exists(pid) for pid in running):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _is_of(process: psutil.Process, stack_id: str) -> bool:
    try:
        mark = process.environ().get("FIRSTHAND_STACK_PROCESS", "")
        return mark.startswith(f"{stack_id}:") and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False
