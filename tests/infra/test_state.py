"""What a home remembers."""

import threading
from pathlib import Path

import pytest

from infra.local.files import write_private
from infra.local.state import ProcessRecord, Secrets, State
from pipeline.errors import StackError


def test_state_survives_a_restart(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    state.remember("s3-proxy", ProcessRecord(41, 1.25, "print"))
    state.mark("rings", "digest")
    state.port("postgres")
    again = State.load(tmp_path)
    assert (again.stack_id, again.ports, again.processes, again.marks) == (
        state.stack_id,
        state.ports,
        {"s3-proxy": ProcessRecord(41, 1.25, "print")},
        {"rings": "digest"},
    )


def test_a_home_has_one_identity_for_life(tmp_path: Path) -> None:
    first, other = State.load(tmp_path / "a"), State.load(tmp_path / "b")
    first.save()
    other.save()
    again = State.load(tmp_path / "a")
    again.save()
    assert first.stack_id == again.stack_id != other.stack_id


def test_what_is_forgotten_and_unmarked_stays_gone(tmp_path: Path) -> None:
    state = State.load(tmp_path)
    state.remember("worker", ProcessRecord(41, 1.25, ""))
    state.mark("done", "yes")
    for _ in range(2):
        state.forget("worker")
        state.unmark("done")
    assert State.load(tmp_path).processes == {}
    assert State.load(tmp_path).marks == {}


@pytest.mark.parametrize("text", ["", "[]", '{"ports": {}}', '{"stack_id": "a", "ports": [], "processes": 1}'])
def test_a_state_file_that_is_not_ours_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text)
    with pytest.raises(StackError, match=r"state\.json"):
        State.load(tmp_path)


def test_a_secret_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = Secrets(path).of("s3_owner")
    assert Secrets(path).of("s3_owner") == first
    assert Secrets(path).of("s3_partner") != first
    assert len(first) == 40
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_that_a_server_chose_is_kept(tmp_path: Path) -> None:
    kept = Secrets(tmp_path / "secrets.json")
    assert not kept.knows("token")
    kept.keep("token", "theirs")
    assert kept.knows("token")
    assert Secrets(tmp_path / "secrets.json").of("token") == "theirs"


def test_threads_get_the_same_secret(tmp_path: Path) -> None:
    kept = Secrets(tmp_path / "secrets.json")
    got: list[str] = []
    threads = [threading.Thread(target=lambda: got.append(kept.of("one"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(got)) == 1


def test_a_private_file_is_private_even_if_it_was_not(tmp_path: Path) -> None:
    path = tmp_path / "firsthand.env"
    path.write_text("old")
    path.chmod(0o644)
    assert write_private(path, "new")
    assert path.read_text() == "new"
    assert path.stat().st_mode & 0o777 == 0o600
    assert not write_private(path, "new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["firsthand.env"]
