"""Which taxonomies does this Firsthand know? One file for each version, named `<id>-<version>.toml`.

A file that has been published is never edited; a test holds the digests.
"""

from importlib.resources import files
from typing import Final

from pipeline.domain.taxonomy import Taxonomy
from pipeline.domain.version import Version
from pipeline.errors import SettingsError

CURRENT: Final = ("firearms-attack", Version(1, 0, 0))
"""The taxonomy that clips are sent out under."""


def available() -> tuple[str, ...]:
    """The names, `<id>-<version>`, of all taxonomies that came with this Firsthand."""
    return tuple(
        sorted(file.name.removesuffix(".toml") for file in files(__name__).iterdir() if _is_taxonomy(file.name))
    )


def load(taxonomy_id: str = CURRENT[0], version: Version = CURRENT[1]) -> Taxonomy:
    """Read one taxonomy; without arguments the current one. Safe to repeat.

    Raises:
        SettingsError: there is none of this id and version, or its file is wrong; all mistakes are told.
    """
    name = f"{taxonomy_id}-{version}"
    if name not in available():
        raise SettingsError(f"expected one of the taxonomies {', '.join(available())}, found {name[:80]!r}")
    taxonomy = Taxonomy.parse(
        files(__name__).joinpath(f"{name}.toml").read_text(encoding="utf-8"), source=f"{name}.toml"
    )
    if taxonomy.name != name:
        raise SettingsError(f"{name}.toml: expected the file to hold {name}, found {taxonomy.name}")
    return taxonomy


def _is_taxonomy(file_name: str) -> bool:
    return file_name.endswith(".toml")
