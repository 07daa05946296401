"""What does this site know of what comes in: its sources and naming conventions, besides those everybody has?

Written in TOML, in the file that FIRSTHAND_INTAKE_FILE names:

    [[source]]                            # who puts objects into the intake bucket, and where
    id = "north-yard"
    prefix = "north-yard/"
    folders = ["*", "camera"]             # north-yard/<anything>/<camera>/…; exercise by camera and day
    settle_s = 120

    [[manifest]]                          # what exports say about their files: see `export_manifest`
    …

    [[pattern]]                           # as in pipeline/domain/naming/patterns.toml; they come before those
    …
"""

import tomllib
from dataclasses import dataclass
from typing import Final

from pipeline.domain import naming
from pipeline.domain.drop import DROPS, Source, parse_sources
from pipeline.domain.export_manifest import OURS, ManifestForm, parse_forms
from pipeline.domain.file_name import NamingTable
from pipeline.errors import SettingsError

SIZE_MAX_BYTES: Final = 1 << 20
_TABLES: Final = frozenset({"source", "pattern", "manifest"})


@dataclass(frozen=True, slots=True)
class IntakeRules:
    """Sources, naming conventions, and forms of manifests."""

    sources: tuple[Source, ...]
    naming: NamingTable
    manifests: tuple[ManifestForm, ...] = (OURS,)
    """The first whose name matches counts."""


def everybody() -> IntakeRules:
    """The rules of a site that has none of its own."""
    return IntakeRules((DROPS,), naming.load())


def parse(text: str, *, source: str) -> IntakeRules:
    """The rules of a site, with those that everybody has.

    Raises:
        SettingsError: the text is not such a file; the message tells what is wrong with it.
    """
    try:
        said = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as exc:
        raise SettingsError(f"{source}: expected TOML, found {exc}") from exc
    if unknown := sorted(set(said) - _TABLES):
        raise SettingsError(f"{source}: expected only {', '.join(sorted(_TABLES))}, found {', '.join(unknown)[:80]}")
    common = everybody()
    own = parse_sources(said.get("source", []), source=source)
    table = common.naming
    if "pattern" in said:
        table = NamingTable.of(said["pattern"], source=source).before(table)
    prefixes = {one.prefix for one in own}
    forms = parse_forms(said.get("manifest", []), source=source)
    sources = (*own, *(one for one in common.sources if one.prefix not in prefixes))
    return IntakeRules(sources, table, (*forms, *common.manifests))
