r"""What does an export say about the files that it consists of, and where in its manifest does it say so?

Vendors put an XML or JSON file beside the footage that they export. Where in it the name, size, digest, camera and
start of each file stand is declared in TOML, so that a new vendor needs no code:

    [[manifest]]
    id = "some-vendor"
    match = 'export_\d+\.xml'             # the name of the manifest, as a regular expression
    format = "xml"                        # or json
    each = "Files/File"                   # from the outermost element to the one of each file
    name = "FileName"                     # within it; `@name` is an attribute, `A/B` an element in an element
    size_bytes = "Size"
    sha256 = "Hash/@value"
    camera = "Device/SerialNumber"
    started_at = "Start"

Nothing else of a manifest is read; people's names in it stay in the preserved file. A name in a manifest is compared
with names of objects that lie beside it, without its folders, and is never opened.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal, cast

from pipeline.domain.digest import Sha256
from pipeline.domain.drop import Announced
from pipeline.domain.file_name import compiled
from pipeline.errors import SettingsError

ENTRIES_MAX: Final = 20_000
SIZE_MAX_BYTES: Final = 4 << 20
FIELDS: Final = ("name", "size_bytes", "sha256", "camera", "started_at")
_KNOWN: Final = frozenset({"id", "match", "format", "each", *FIELDS})
_STEP: Final = re.compile(r"@?[A-Za-z_][A-Za-z0-9_.-]{0,63}")
_SIZE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_HEX: Final = re.compile(r"[0-9a-f]{64}")
_CAMERA_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True)
class ManifestForm:
    """Where one vendor's manifest says what."""

    form_id: str
    match: re.Pattern[str]
    format: Literal["xml", "json"]
    each: tuple[str, ...]
    fields: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For each of `FIELDS` that is there: the way to it, within the element of one file."""


OURS: Final = ManifestForm(
    "firsthand",
    re.compile(r"manifest\.json", re.IGNORECASE),
    "json",
    ("files",),
    {name: (name,) for name in FIELDS},
)
"""What anybody can write: `{"files": [{"name": "1.mp4", "size_bytes": 7, "sha256": "…", "camera": "X1"}]}`."""


def announced_by(entries: object) -> dict[str, Announced]:
    """What a manifest announces, by file name in capitals, as far as it can be believed to be said.

    Args:
        entries: what was found in it: a list of objects with the names of `FIELDS` and texts. Untrusted.
    """
    found: dict[str, Announced] = {}
    for entry in entries[:ENTRIES_MAX] if isinstance(entries, list) else []:
        said = {name: str(entry[name]).strip() for name in FIELDS if name in entry} if isinstance(entry, dict) else {}
        name = said.get("name", "").replace("\\", "/").rpartition("/")[2].upper()
        if not name:
            continue
        announced = Announced(
            size_bytes=int(said["size_bytes"]) if _SIZE.fullmatch(said.get("size_bytes", "")) else None,
            digest=Sha256(said["sha256"].lower()) if _HEX.fullmatch(said.get("sha256", "").lower()) else None,
            camera=said.get("camera", "")[:_CAMERA_LENGTH_MAX] or None,
            started_at=_moment(said.get("started_at", "")),
        )
        # Two that are called the same and differ tell nothing.
        found[name] = announced if found.get(name, announced) == announced else Announced()
    return found


def parse_forms(said: object, *, source: str) -> tuple[ManifestForm, ...]:
    """Read the manifests that a site declares, from what TOML said.

    Raises:
        SettingsError: they are none; the message tells every mistake.
    """
    if not isinstance(said, list):
        raise SettingsError(f"{source}: expected a list of manifests called `manifest`, found {type(said).__name__}")
    mistakes: list[str] = []
    forms = [_form(entry, f"manifest {at}", mistakes) for at, entry in enumerate(said, start=1)]
    if mistakes:
        raise SettingsError(f"{source}: " + "; ".join(mistakes))
    return tuple(form for form in forms if form is not None)


def _form(said: object, where: str, mistakes: list[str]) -> ManifestForm | None:
    if not isinstance(said, dict):
        mistakes.append(f"{where}: expected a table, found {type(said).__name__}")
        return None
    told = len(mistakes)
    where = str(said.get("id", where))[:40]
    mistakes += [f"{where}: unknown field {str(name)[:40]}" for name in sorted(set(said) - _KNOWN)]
    mistakes += [f"{where}: expected text for {name}" for name in ("id", "match", "each", "name") if not said.get(name)]
    if said.get("format") not in {"xml", "json"}:
        mistakes.append(f"{where}: expected a format of xml or json")
    ways = {name: tuple(str(said[name]).split("/")) for name in ("each", *FIELDS) if name in said}
    for name, way in ways.items():
        if not all(_STEP.fullmatch(step) for step in way) or any(step.startswith("@") for step in way[:-1]):
            mistakes.append(f"{where}: expected {name} as a way such as Device/@serial, found {'/'.join(way)[:80]!r}")
    match = compiled(str(said.get("match", "")), where, mistakes)
    if match is None or len(mistakes) > told:
        return None
    each = ways.pop("each")
    return ManifestForm(str(said["id"]), match, cast("Literal['xml', 'json']", said["format"]), each, ways)


def _moment(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
