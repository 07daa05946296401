"""`firsthand` loads what the command given needs, and nothing else."""

import subprocess
import sys

import pytest

from flows.cli import COMMANDS, build


@pytest.mark.parametrize("part", COMMANDS)
def test_a_module_has_the_commands_that_the_table_says(part: str) -> None:
    app = build([part])
    named = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    assert (*named, *(group.name for group in app.registered_groups)) == COMMANDS[part]


@pytest.mark.parametrize(
    ("command", "needs"), [("recordings", {"sqlalchemy"}), ("dock", {"sqlalchemy"}), ("pull", {"numpy"})]
)
def test_a_command_loads_only_what_it_needs(command: str, needs: set[str]) -> None:
    told = f"""
import sys
from flows.cli import main
sys.argv = ["firsthand", {command!r}, "--help"]
try:
    main()
except SystemExit:
    print(*sys.modules)
"""
    loaded = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True).stdout.split()
    assert {"prefect", "numpy", "sqlalchemy"} & set(loaded) == needs
