"""Which naming conventions of cameras does this Firsthand know? They are in `patterns.toml`, beside this file."""

from functools import cache
from importlib.resources import files

from pipeline.domain.file_name import NamingTable


@cache
def load() -> NamingTable:
    """The conventions that came with this Firsthand.

    Raises:
        SettingsError: the file is wrong; all mistakes are told.
    """
    text = files(__name__).joinpath("patterns.toml").read_text(encoding="utf-8")
    return NamingTable.parse(text, source="patterns.toml")
