"""Whatever a parser does with a file, we get an answer or a reason; nothing of ours is touched, and nothing is left."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.adapters.sandbox import ChildLimits, Parsers, parsers, walls_here
from pipeline.errors import (
    FirsthandError,
    MediaLimitError,
    MediaToolError,
    NoVideoStreamError,
    SettingsError,
    UnreadableFileError,
)
from tests.walls import hide_bubblewrap

MISCHIEF = "tests.adapters.sandbox.mischief"
ROOT = Path(__file__).parents[3]


@pytest.fixture(params=["bubblewrap", "limits alone"])
def is_walled(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param == "limits alone":
        hide_bubblewrap(tmp_path / "programs", monkeypatch)
    elif walls_here().missing:
        pytest.skip("bubblewrap does not work on this machine")
    return bool(request.param == "bubblewrap")


@pytest.fixture
def do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Have the mischievous parser do something; the tests' own code is put where it finds it."""
    code = parsers._code()
    monkeypatch.setattr(parsers, "_code", lambda: (*code, ROOT / "tests"))
    (tmp_path / "given").write_text("given")

    def run(what: str, *, limits: ChildLimits = parsers.PARSER_LIMITS, **more: Any) -> Any:
        options = {"do": what, **more.pop("options", {})}
        files = more.pop("files", {"given": tmp_path / "given"})
        return Parsers(scratch=tmp_path / "scratch", limits=limits).run(MISCHIEF, files, options=options, **more)

    yield run
    assert list((tmp_path / "scratch" / "parsers").iterdir()) == []


@pytest.mark.usefixtures("is_walled")
def test_the_answer_comes_back_whatever_else_is_printed(do: Callable[..., Any]) -> None:
    assert do("read") == {"given": "given"}
    assert do("read") == {"given": "given"}


def test_a_secret_is_in_no_list_of_processes(do: Callable[..., Any]) -> None:
    assert do("secret", stdin=b"hunter2") == ["HUNTER2"]


REFUSALS = {
    "refuse": (NoVideoStreamError, "^expected a picture,\N{REPLACEMENT CHARACTER} found none$"),
    "refuse_as_ours": (UnreadableFileError, "UsageError"),
    "raise": (UnreadableFileError, r"KeyError at mischief\.py:\d+$"),
    "recurse": (UnreadableFileError, "RecursionError"),
    "crash": (UnreadableFileError, "crashed on it .*SIGSEGV"),
    "exit": (UnreadableFileError, "crashed on it"),
    "eat": (MediaLimitError, "more memory"),
    "flood": (MediaLimitError, "a longer one"),
    "nan": (UnreadableFileError, "ValueError"),
    "fill": (UnreadableFileError, "OSError|crashed|File too large"),
    "no_such_mischief": (UnreadableFileError, "KeyError"),
}


@pytest.mark.parametrize("what", REFUSALS)
def test_bad_ends_are_reasons(what: str, do: Callable[..., Any]) -> None:
    expected, words = REFUSALS[what]
    with pytest.raises(FirsthandError, match=words) as caught:
        do(what)
    assert type(caught.value) is expected
    assert "High Street" not in str(caught.value)


@pytest.mark.parametrize(("what", "wall_s"), [("hang", 1), ("spin", 2)])
def test_no_file_takes_us_longer_than_allowed(what: str, wall_s: int, do: Callable[..., Any]) -> None:
    with pytest.raises(MediaLimitError):
        do(what, wall_s=wall_s)


@pytest.mark.parametrize(
    "words",
    [
        "not json\n",
        '{"answer": 1}\n{"answer": 2}\n',
        '{"answer": 1, "refused": 2}\n',
        '{"refused": ["SystemExit", "no"]}\n',
        '{"refused": []}\n',
        '{"answer": NaN}\n',
        "[1]\n",
        '{"answer": ' + "[" * 50_000 + "\n",
        '{"answer": ' + "9" * 5_000 + "}\n",
    ],
)
def test_a_child_that_was_taken_over_cannot_say_more_than_json(words: str, do: Callable[..., Any]) -> None:
    assert do("say", options={"words": '{"answer": 1}\n'}) == 1
    with pytest.raises(UnreadableFileError):
        do("say", options={"words": words})


def test_what_is_made_is_kept_and_a_link_is_not(do: Callable[..., Any], tmp_path: Path) -> None:
    limits = ChildLimits(file_bytes=1000)
    target, canary = tmp_path / "target", tmp_path / "canary"
    canary.write_text("ours")
    do("make", keep={"made": target}, limits=limits)
    assert target.read_text() == "made"
    for what, options in (("make_link", {"path": str(canary)}), ("read", {})):
        with pytest.raises(UnreadableFileError, match="expected it to make a file"):
            do(what, keep={"made": tmp_path / "never"}, limits=limits, options=options)
    with pytest.raises(FirsthandError):
        do("fill", keep={"made": tmp_path / "never"}, limits=limits)
    assert not (tmp_path / "never").exists()


def test_within_the_walls_nothing_else_is_read_written_or_called_and_without_them_it_would_be(
    do: Callable[..., Any], is_walled: bool, tmp_path: Path
) -> None:
    canary, target = tmp_path / "canary", tmp_path / "target"
    canary.write_text("ours")
    limits = ChildLimits(file_bytes=1000)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.2)
        attacks: list[tuple[str, dict[str, Any]]] = [
            ("read_elsewhere", {"path": str(canary)}),
            ("write_elsewhere", {"path": str(target)}),
            ("connect", {"port": listening.getsockname()[1]}),
        ]
        escaped = 0
        for what, options in attacks:
            try:
                do(what, options=options, limits=limits)
                escaped += 1
            except UnreadableFileError:
                assert is_walled
        if is_walled:
            with pytest.raises(TimeoutError):
                listening.accept()
    assert escaped == (0 if is_walled else len(attacks))
    assert target.exists() is not is_walled


def test_a_file_that_is_gone_is_not_its_own_fault(do: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "scratch" / "parsers").mkdir(parents=True)
    with pytest.raises(MediaToolError, match="found none"):
        do("read", files={"given": tmp_path / "gone"})


def test_required_walls_are_required_of_parsers_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_bubblewrap(tmp_path / "programs", monkeypatch)
    with pytest.raises(SettingsError, match="FIRSTHAND_SANDBOX"):
        Parsers(scratch=tmp_path, must_wall=True).run(MISCHIEF, {})
