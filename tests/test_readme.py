"""The README is true: its commands exist as written, every command is in it, and so are the exit codes."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from flows.cli import build, exits
from flows.cli.exits import CODES
from pipeline.settings import Settings

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
WRITTEN = sorted(
    {
        line.strip("` ")
        for line in [
            *re.findall(r"^firsthand .+$", README, re.MULTILINE),
            *re.findall(r"`firsthand [a-z][^`]*`", README),
        ]
    }
)


def commands(of: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every command, by the words that name it."""
    inner = getattr(of, "commands", None)
    if not inner:
        return {path: of}
    own = {path: of} if of.invoke_without_command else {}
    return own | {
        name: command for word, one in inner.items() for name, command in commands(one, (*path, word)).items()
    }


ALL = commands(typer.main.get_command(build()))


def test_there_are_commands_to_check() -> None:
    assert len(WRITTEN) > 15
    assert len(ALL) > 15


@pytest.mark.parametrize("line", WRITTEN)
def test_a_command_in_the_readme_is_accepted_as_written(line: str) -> None:
    words = shlex.split(line)[1:]
    path = tuple(words[:2]) if tuple(words[:2]) in ALL else tuple(words[:1])
    assert path in ALL, f"no command {' '.join(path)}"
    ALL[path].make_context("firsthand", words[len(path) :])


@pytest.mark.parametrize("path", sorted(ALL), ids=" ".join)
def test_every_command_is_in_the_readme_and_its_help_has_an_example(path: tuple[str, ...]) -> None:
    assert f"firsthand {' '.join(path)}" in README
    assert (ALL[path].epilog or "").startswith("Example: ")
    assert f"firsthand {' '.join(path)}" in ALL[path].epilog
    assert any("--json" in option.opts for option in ALL[path].params)
    assert ALL[path].help


def test_the_exit_codes_in_the_readme_are_those_of_the_code() -> None:
    written = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert written == {0, exits.BUG, exits.INTERRUPTED, *CODES.values()}
    for line in re.findall(r"^\| \d+ \| .*$", README, re.MULTILINE):
        assert line in (exits.__doc__ or "")


def test_every_setting_in_the_readme_exists_and_every_setting_is_there() -> None:
    names = {f"FIRSTHAND_{name.upper()}" for name in Settings.model_fields}
    shortened = re.sub(r"`…_([A-Z_]+)`", r"`FIRSTHAND_S3_\1`", README)
    missing = {name for name in names if name not in shortened}
    assert missing == set()
    others = {"FIRSTHAND_HOME", "FIRSTHAND_FOOTAGE", "FIRSTHAND_TOOLS", "FIRSTHAND_PROJECT"}
    written = set(re.findall(r"\bFIRSTHAND_(?!PARTNER)[A-Z0-9_]+", README))
    assert written <= names | others


@pytest.mark.parametrize(
    "target",
    sorted(set(re.findall(r"`make ([a-z]+)`", README) + re.findall(r"^(?:\S+ )?make ([a-z]+)$", README, re.MULTILINE))),
)
def test_a_make_target_in_the_readme_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
