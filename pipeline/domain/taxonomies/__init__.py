"""Which taxonomies does this Firsthand know, and what do old labels mean in new ones?

One file for each version, named `<id>-<version>.toml`, its pictures in `pictures/`, and one for each declared meaning,
`mappings/<old>-to-<new>.toml`. A file that has been published is never edited; a test holds the digests.
"""

from importlib.resources import files
from typing import Final

from pipeline.domain.digest import Sha256
from pipeline.domain.label_mapping import LabelMapping
from pipeline.domain.taxonomy import Picture, Taxonomy
from pipeline.domain.version import Version
from pipeline.errors import SettingsError

CURRENT: Final = ("firearms-attack", Version(1, 1, 0))
"""The taxonomy that clips are sent out under."""

_SUFFIX: Final = ".toml"


def available() -> tuple[str, ...]:
    """The names, `<id>-<version>`, of all taxonomies that came with this Firsthand."""
    return tuple(
        sorted(file.name.removesuffix(_SUFFIX) for file in files(__name__).iterdir() if file.name.endswith(_SUFFIX))
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
        files(__name__).joinpath(f"{name}{_SUFFIX}").read_text(encoding="utf-8"), source=f"{name}{_SUFFIX}"
    )
    if taxonomy.name != name:
        raise SettingsError(f"{name}{_SUFFIX}: expected the file to hold {name}, found {taxonomy.name}")
    return taxonomy


def everything() -> dict[str, Taxonomy]:
    """Every taxonomy that came with this Firsthand, by name.

    Raises:
        SettingsError: a file is wrong.
    """
    split = [name.rpartition("-") for name in available()]
    return {f"{taxonomy_id}-{version}": load(taxonomy_id, Version.parse(version)) for taxonomy_id, _, version in split}


def picture_bytes(picture: Picture) -> bytes:
    """The bytes of a picture of a taxonomy.

    Raises:
        SettingsError: they are not there, or not those that the taxonomy names.
    """
    try:
        content = files(__name__).joinpath("pictures", picture.file).read_bytes()
    except OSError as exc:
        raise SettingsError(f"picture {picture.file}: expected it beside the taxonomy, found nothing") from exc
    if Sha256.of(content) != picture.digest:
        raise SettingsError(f"picture {picture.file}: expected {picture.digest}, found {Sha256.of(content)}")
    return content


def mappings() -> tuple[LabelMapping, ...]:
    """Every meaning of old labels in new words that came with this Firsthand, by file name.

    Raises:
        SettingsError: a file is wrong; all its mistakes are told.
    """
    known = everything()
    found = sorted(files(__name__).joinpath("mappings").iterdir(), key=lambda file: file.name)
    return tuple(LabelMapping.parse(file.read_text(encoding="utf-8"), known, source=file.name) for file in found)
