"""Whatever is wrong, a command ends with the code of its family and one message that says what to do; never a trace."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from pipeline.workbench import Workbench
from tests.benches import environment_of
from tests.builders import EXERCISE
from tests.databases import Databases
from tests.flows.cli.conftest import FIRSTHAND, Ended, Run, run_process
from tests.furnished import Furnished

LOOKING = [
    ["exercises"],
    ["recordings"],
    ["clips"],
    ["releases"],
    ["quarantine"],
    ["audits", "--json"],
    ["show", EXERCISE],
    ["get", EXERCISE, "/dev/null"],
]
WITHOUT_ROOTS_EYES = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
"""Root reads whatever it likes, unless it gives up these rights; then a folder of mode 000 is closed to it too."""


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert isinstance(port, int)
    return port


@pytest.fixture
def url(furnished: Furnished) -> str:
    return furnished.bench.settings.database_url.get_secret_value()


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_a_wrong_password_ends_with_4_and_names_the_setting(look: Run, url: str, words: list[str]) -> None:
    before, _, after = url.rpartition("@")
    wrong = f"{before.rpartition(':')[0]}:wrong@{after}"
    ended = look(*words, FIRSTHAND_DATABASE_URL=wrong)
    ended.failed(4, "AccessDenied: Postgres refused the credentials in FIRSTHAND_DATABASE_URL")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("words", LOOKING, ids=" ".join)
def test_postgres_that_is_down_ends_with_5(look: Run, url: str, closed_port: int, words: list[str]) -> None:
    before, _, after = url.rpartition("@")
    ended = look(*words, FIRSTHAND_DATABASE_URL=f"{before}@127.0.0.1:{closed_port}/{after.partition('/')[2]}")
    ended.failed(5, "DatabaseUnavailable: Postgres does not answer", "Connection refused", "`firsthand status`")
    assert len(ended.err.splitlines()) == 1


def test_a_database_without_tables_ends_with_4_and_says_how_to_make_them(look: Run, databases: Databases) -> None:
    look("clips", FIRSTHAND_DATABASE_URL=databases.make_bare()).failed(
        4, "no Firsthand tables: run `firsthand migrate`"
    )


def test_missing_settings_end_with_4_and_are_all_named(run: Run) -> None:
    ended = run("clips")
    ended.failed(4, "FIRSTHAND_DATABASE_URL: Field required", "FIRSTHAND_S3_REGION: Field required", "`firsthand up`")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["nonsense"], "No such command"),
        (["clips", "--nonsense"], "No such option"),
        (["show"], "Missing argument"),
        (["release", "create", "name"], "Missing argument"),
        (["upload", "x"], "Missing option"),
        (
            ["upload", "x", "--exercise", "E", "--camera", "C", "--jobs", "0"],
            "Input should be greater than or equal to 1",
        ),
        (["annotate", "--only", "nonsense"], "'nonsense' is not one of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_command_that_is_not_one_ends_with_2_and_says_where_help_is(run: Run, words: list[str], said: str) -> None:
    ended = run(*words)
    ended.failed(2, said, "`firsthand --help`")


# Upload


@pytest.fixture
def upload(run: Run, own_bench: Workbench) -> Callable[..., Ended]:
    def send(*paths: object, exercise: str = EXERCISE, **instead: str) -> Ended:
        settings = {**environment_of(own_bench), **instead}
        return run("upload", *paths, "--exercise", exercise, "--camera", "X6039BHEX", **settings)

    return send


def test_paths_that_hold_nothing_end_with_2_and_one_line(upload: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, said in (
        (tmp_path / "nowhere", "nowhere cannot be read: No such file or directory"),
        (tmp_path / "empty", "empty holds no file to send"),
        ("/dev/null", "/dev/null is neither a file nor a folder"),
    ):
        ended = upload(path)
        ended.failed(2, said)
        assert len(ended.err.splitlines()) == 1


def test_an_exercise_that_cannot_be_one_ends_with_2(upload: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "footage.mp4").write_bytes(b"footage")
    upload(tmp_path, exercise="../EX").failed(2, "expected an exercise id of 1 to 64 letters", "found '../EX'")


def test_a_bucket_that_is_not_there_ends_with_4(upload: Callable[..., Ended], tmp_path: Path) -> None:
    (tmp_path / "footage.mp4").write_bytes(b"footage")
    upload(tmp_path, FIRSTHAND_S3_INTAKE_BUCKET="nowhere").failed(4, "bucket nowhere does not exist", "`firsthand up`")


def test_a_store_that_refuses_us_ends_with_4_and_names_the_setting(
    upload: Callable[..., Ended], tmp_path: Path
) -> None:
    (tmp_path / "footage.mp4").write_bytes(b"footage")
    upload(tmp_path, FIRSTHAND_S3_SECRET_ACCESS_KEY="wrong").failed(4, "AccessDenied", "FIRSTHAND_S3_ACCESS_KEY_ID")


def test_a_store_that_is_down_ends_with_5(upload: Callable[..., Ended], tmp_path: Path, closed_port: int) -> None:
    (tmp_path / "footage.mp4").write_bytes(b"footage")
    ended = upload(tmp_path, FIRSTHAND_S3_ENDPOINT_URL=f"http://127.0.0.1:{closed_port}")
    ended.failed(5, "StoreUnavailable", "did not answer", "FIRSTHAND_S3_ENDPOINT_URL")


def test_a_folder_that_cannot_be_read_ends_with_2_and_one_line(own_bench: Workbench, tmp_path: Path) -> None:
    closed = tmp_path / "card" / "closed"
    closed.mkdir(parents=True)
    (tmp_path / "card" / "footage.mp4").write_bytes(b"footage")
    closed.chmod(0)
    words = ["upload", str(tmp_path / "card"), "--exercise", EXERCISE, "--camera", "X6039BHEX"]
    before = WITHOUT_ROOTS_EYES if os.geteuid() == 0 else None
    ended = run_process(words, environment_of(own_bench), before=before)
    ended.failed(2, f"{closed} cannot be read: Permission denied")
    assert len(ended.err.splitlines()) == 1


def test_a_file_that_cannot_be_read_ends_with_2_and_the_others_are_sent(own_bench: Workbench, tmp_path: Path) -> None:
    card = tmp_path / "card"
    card.mkdir()
    (card / "a.mp4").write_bytes(b"footage a")
    (card / "b.mp4").write_bytes(b"footage b")
    (card / "a.mp4").chmod(0)
    words = ["upload", str(card), "--exercise", EXERCISE, "--camera", "X6039BHEX"]
    before = WITHOUT_ROOTS_EYES if os.geteuid() == 0 else None
    ended = run_process(words, environment_of(own_bench), before=before)
    assert ended.code == 2
    assert f"failed: {card / 'a.mp4'} cannot be read: Permission denied" in ended.err
    assert "1 of 2 files were not sent; the others were" in ended.err
    assert "Traceback" not in ended.err
    assert [line.split()[0] for line in ended.out.splitlines()] == ["failed", "sent"]


def test_settings_that_cannot_be_read_end_with_4(tmp_path: Path) -> None:
    (tmp_path / "firsthand.env").write_text("FIRSTHAND_S3_REGION=eu-west-2\n")
    (tmp_path / "firsthand.env").chmod(0)
    before = WITHOUT_ROOTS_EYES if os.geteuid() == 0 else None
    ended = run_process(["clips"], {"FIRSTHAND_HOME": str(tmp_path)}, before=before)
    ended.failed(4, f"FIRSTHAND_HOME: {tmp_path / 'firsthand.env'} cannot be read", "Permission denied")


# Processes


def test_an_interrupted_command_ends_with_130_and_says_so(furnished: Furnished, url: str) -> None:
    settings = environment_of(furnished.bench)
    environment = {**os.environ, **settings}
    with psycopg.connect(url.replace("+psycopg", "")) as holder:
        holder.execute("LOCK TABLE exercises IN ACCESS EXCLUSIVE MODE")
        # Who starts the tests in the background of a script has told them, and all that they start, to ignore Ctrl-C.
        argv = ["env", "--default-signal=INT", FIRSTHAND, "exercises"]
        command = subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'exercises'::regclass"
        until = time.monotonic() + 60
        while holder.execute(waiting).fetchone() == (0,):
            assert time.monotonic() < until
            time.sleep(0.05)
        command.send_signal(signal.SIGINT)
        out, err = command.communicate(timeout=60)
    assert (command.returncode, out) == (130, "")
    assert err == "interrupted: run the same command again, it goes on where it was\n"


def test_who_stops_reading_ends_a_command_without_a_trace(furnished: Furnished) -> None:
    """As `firsthand clips --json | head -1` does."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [FIRSTHAND, "clips", "--json"],
        env={**os.environ, **environment_of(furnished.bench)},
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        timeout=120,
    )
    os.close(writing)
    assert done.stderr == ""


def test_a_program_that_pipes_gets_the_document_and_nothing_else(furnished: Furnished) -> None:
    ended = run_process(["clips", "--json"], environment_of(furnished.bench))
    assert len(ended.items("clips")) == 3


def test_prefect_that_is_down_ends_with_5(furnished: Furnished, closed_port: int, tmp_path: Path) -> None:
    settings = environment_of(furnished.bench)
    settings |= {"FIRSTHAND_PREFECT_API_URL": f"http://127.0.0.1:{closed_port}/api", "PREFECT_HOME": str(tmp_path)}
    ended = run_process(["audit"], settings)
    ended.failed(5, "OrchestratorUnavailable", "does not answer", f"127.0.0.1:{closed_port}")
