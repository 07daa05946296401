"""What was put in the intake bucket by others: whose is it, and is it all there yet?

A source is whoever puts objects under one prefix: a force, a vendor's export, a gateway. Rules kept here:

* The source with the longest prefix of a key is its source. A key of no source is nobody's: it is refused, not guessed.
* Exercise and camera come from the source where they are fixed, else from the folders of the key, else the camera from
  the file's name or from a manifest. Without an exercise, camera and day tell (`assignment`); without a camera it is
  refused.
* An object is complete when a manifest says so: it has the announced size. Else when it has had the same size and ETag
  for as long as its source needs to settle, by our own clock: two looks at least so far apart saw the same. S3 itself
  never shows half an object, but gateways and copying tools write a file again and again as it grows.
* What `firsthand upload` and the dock wrote is complete at once: they write whole, under the digest.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, cast

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import CameraSerial, ExerciseId
from pipeline.errors import SettingsError, UsageError

SETTLE_S: Final = 60
"""Longer than gateways wait between two parts of a file that grows."""
SETTLE_S_MAX: Final = 7 * 24 * 3600

Folder = Literal["exercise", "camera", "*"]
_FOLDERS: Final = ("exercise", "camera", "*")
_FIELDS: Final = frozenset({"id", "says", "prefix", "folders", "exercise", "camera", "settle_s"})
_PREFIX_LENGTH_MAX: Final = 200


@dataclass(frozen=True, slots=True)
class Place:
    """Where a key of a source says that an object belongs."""

    exercise_id: ExerciseId | None
    camera_serial: CameraSerial | None
    folders: tuple[str, ...]
    """The folders below those that say exercise and camera."""
    name: str


@dataclass(frozen=True, slots=True)
class Source:
    """One who puts objects under a prefix."""

    source_id: str
    prefix: str
    """Ends with `/`."""
    folders: tuple[Folder, ...] = ()
    """What the first folders below the prefix say; `*` says nothing."""
    exercise_id: ExerciseId | None = None
    camera_serial: CameraSerial | None = None
    settle_s: int = SETTLE_S
    """0: whoever writes here writes whole objects, which are taken at once."""

    def place_of(self, key: str) -> Place:
        """What a key under this prefix says.

        Raises:
            UsageError: a folder that should name an exercise or camera does not.
        """
        *folders, name = key.removeprefix(self.prefix).split("/")
        if len(folders) < len(self.folders):
            raise UsageError(f"expected {'/'.join(self.folders)}/… below {self.prefix}, found fewer folders")
        said = dict(zip(self.folders, folders, strict=False))
        return Place(
            exercise_id=keys.exercise_id(said["exercise"]) if "exercise" in said else self.exercise_id,
            camera_serial=keys.camera_serial(said["camera"]) if "camera" in said else self.camera_serial,
            folders=tuple(folders[len(self.folders) :]),
            name=name,
        )


DROPS: Final = Source("drops", "drops/", ("exercise", "camera"))
"""What every site has: `drops/<exercise>/<camera>/…`."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """An object as a look into the bucket saw it, and when it was first seen so."""

    size_bytes: int
    etag: str
    first_seen_at: datetime


@dataclass(frozen=True, slots=True)
class Announced:
    """What a manifest says about a file."""

    size_bytes: int | None = None
    digest: Sha256 | None = None
    camera: str | None = None
    started_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an object can be taken, and why."""

    is_complete: bool
    because: str


def source_of(sources: Sequence[Source], key: str) -> Source | None:
    """The source of a key: the one with the longest prefix."""
    found = [source for source in sources if key.startswith(source.prefix)]
    return max(found, key=lambda source: len(source.prefix), default=None)


def completeness(source: Source, seen: Sighting, announced: Announced | None, *, now: datetime) -> Verdict:
    """Whether an object of a source is all there.

    Args:
        source: whose it is.
        seen: what it is now, and since when it has been so.
        announced: what a manifest says about it, if one does.
        now: by the clock that made `seen`.
    """
    if announced is not None and announced.size_bytes is not None:
        if announced.size_bytes == seen.size_bytes:
            return Verdict(True, f"it has the {seen.size_bytes} bytes that its manifest announces")
        if seen.size_bytes < announced.size_bytes and now - seen.first_seen_at < timedelta(seconds=SETTLE_S_MAX):
            return Verdict(False, f"its manifest announces {announced.size_bytes} bytes, found {seen.size_bytes}")
    if source.settle_s == 0:
        return Verdict(True, f"source {source.source_id} writes whole objects")
    since_s = (now - seen.first_seen_at).total_seconds()
    if since_s >= source.settle_s:
        return Verdict(True, f"it has had the same size and ETag for {since_s:.0f} s")
    return Verdict(False, f"it has had this size and ETag for {max(since_s, 0):.0f} of {source.settle_s} s")


def parse_sources(said: object, *, source: str) -> tuple[Source, ...]:
    """Read the sources of a site from what TOML said.

    Raises:
        SettingsError: they are none; the message tells every mistake.
    """
    if not isinstance(said, list):
        raise SettingsError(f"{source}: expected a list of sources called `source`, found {type(said).__name__}")
    mistakes: list[str] = []
    found = [_source(entry, f"source {at}", mistakes) for at, entry in enumerate(said, start=1)]
    sources = tuple(one for one in found if one is not None)
    for name in ("source_id", "prefix"):
        values = [getattr(one, name) for one in sources]
        mistakes += [
            f"{twice}: expected once, found twice" for twice in sorted({v for v in values if values.count(v) > 1})
        ]
    if mistakes:
        raise SettingsError(f"{source}: " + "; ".join(mistakes))
    return sources


def _source(said: object, where: str, mistakes: list[str]) -> Source | None:
    if not isinstance(said, Mapping):
        mistakes.append(f"{where}: expected a table, found {type(said).__name__}")
        return None
    told = len(mistakes)
    where = str(said.get("id", where))[:40]
    mistakes += [f"{where}: unknown field {str(name)[:40]}" for name in sorted(set(said) - _FIELDS)]
    source_id, prefix, settle_s = said.get("id"), said.get("prefix"), said.get("settle_s", SETTLE_S)
    if not isinstance(source_id, str) or not source_id:
        mistakes.append(f"{where}: expected text for id")
    if not isinstance(prefix, str) or not _is_prefix(prefix):
        mistakes.append(
            f"{where}: expected a prefix such as north-yard/, ending with '/', other than {keys.UPLOADS_PREFIX}"
        )
    if isinstance(settle_s, bool) or not isinstance(settle_s, int) or not 0 <= settle_s <= SETTLE_S_MAX:
        mistakes.append(f"{where}: expected settle_s of 0 to {SETTLE_S_MAX} seconds, found {settle_s!r}")
    folders = said.get("folders", [])
    if not isinstance(folders, list) or any(folder not in _FOLDERS for folder in folders):
        mistakes.append(f"{where}: expected folders of {', '.join(_FOLDERS)}, found {folders!r}")
    exercise = camera = None
    try:
        exercise = keys.exercise_id(str(said["exercise"])) if "exercise" in said else None
        camera = keys.camera_serial(str(said["camera"])) if "camera" in said else None
    except UsageError as exc:
        mistakes.append(f"{where}: {exc}")
    if len(mistakes) > told:
        return None
    return Source(str(source_id), str(prefix), tuple(cast("list[Folder]", folders)), exercise, camera, settle_s)


def _is_prefix(prefix: str) -> bool:
    return (
        prefix.endswith("/")
        and 1 < len(prefix) <= _PREFIX_LENGTH_MAX
        and not prefix.startswith(("/", keys.UPLOADS_PREFIX, keys.DOCK_PREFIX))
        and prefix.isprintable()
    )
