"""What do the names and words of a docking station mean, and what of it can never be stored?

Body-worn cameras that upload by themselves speak a subset of OpenStack Swift's API: a container for each recording,
objects in it, metadata on both. Names and meanings are those of the Axis body-worn integration API 1.6.10
(github.com/AxisCommunications/body-worn-integration-api).

Rules kept here:

* A refusal is final to the sender: it keeps the recording and gives it to a person, or sends it again as rejected
  content. Only what can never become right is refused: an impossible time, a clip that lasts no time, somebody or
  something that was never registered.
* Rejected content is never refused.
* What is said twice in different words (a serial in a name and in metadata) is a claim each: both are kept.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Literal

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import CameraSerial
from pipeline.errors import RejectedInputError, UsageError

ContainerKind = Literal["system", "users", "devices", "recording", "rejected"]
ObjectRole = Literal["clip", "key", "bookmark", "track", "other"]

SYSTEM: Final = "System"
USERS: Final = "Users"
DEVICES: Final = "Devices"
STATUS: Final = "Status"
COMPLETE: Final = "Complete"

CLOCK_TOLERANCE: Final = timedelta(days=1)
"""A camera's clock is set by its dock; one that is more than a day ahead of ours was never set."""
EARLIEST: Final = datetime(2010, 1, 1, tzinfo=UTC)
"""Before any camera that speaks this was made: a clock that fell back to its zero."""
NAME_LENGTH_MAX: Final = 1024
"""Swift's own limit for the name of an object, in bytes of UTF-8."""
METADATA_BYTES_MAX: Final = 16 * 1024
"""Four times Swift's own limit for everything said about one thing."""

_RECORDING = re.compile(r"(?P<user>[^_/]+)_(?P<serial>[^_/]+)_(?P<day>\d{8})[T_](?P<time>\d{6})Z?", re.ASCII)
_REJECTED = re.compile(r"RejectedContent_[^/]+")
_CLIP = re.compile(r"(?P<stem>.+)\.(?:mkv|mp4)", re.IGNORECASE | re.DOTALL)
_EPOCH = re.compile(r"\d{1,16}(?:\.\d{1,9})?", re.ASCII)
_EPOCH_UNITS = ((11, 1), (14, 1_000), (16, 1_000_000))
"""Up to so many digits, it counts in this part of a second; today is 10, 13 and 16 digits long."""
_FIXED: Final[Mapping[str, ContainerKind]] = {SYSTEM: "system", USERS: "users", DEVICES: "devices"}


@dataclass(frozen=True, slots=True)
class RecordingName:
    """What the name of a recording's container says."""

    user: str
    camera_serial: CameraSerial
    triggered_at: datetime


@dataclass(frozen=True, slots=True)
class DockObject:
    """The bytes of one object as they were taken in."""

    container: str
    name: str
    at: Location
    size_bytes: int
    md5: str
    """32 hexadecimal digits; what the protocol calls ETag."""
    digest: Sha256
    media_type: str
    stored_at: datetime

    def is_same(self, *, md5: str, digest: Sha256, size_bytes: int) -> bool:
        """Whether these are the bytes that are there."""
        return (self.md5, self.digest, self.size_bytes) == (md5, digest, size_bytes)


@dataclass(frozen=True, slots=True)
class Clip:
    """One video object of a recording, as far as its sender tells."""

    name: str
    start_at: datetime | None


@dataclass(frozen=True, slots=True)
class Bookmark:
    """What somebody marked while filming or at the dock, as far as its sender tells."""

    at: datetime
    """By the camera's own clock, like the start of its clips."""
    category: str
    """Its name, or nothing."""


def container_kind(name: str) -> ContainerKind:
    """What a container is for.

    Raises:
        RejectedInputError: nothing of this protocol is called so.
    """
    if name in _FIXED:
        return _FIXED[name]
    if _REJECTED.fullmatch(name):
        return "rejected"
    if _RECORDING.fullmatch(name):
        return "recording"
    raise RejectedInputError(
        f"expected System, Users, Devices, RejectedContent_… or <UserID>_<serial>_<YYYYMMDDTHHMMSSZ>, found {name!r}"
    )


def recording_name(name: str, *, now: datetime) -> RecordingName:
    """Read the name of a recording's container.

    Raises:
        RejectedInputError: its time is none, or cannot be; or its serial is no serial.
    """
    found = _RECORDING.fullmatch(name)
    if found is None:
        raise RejectedInputError(f"expected <UserID>_<serial>_<YYYYMMDDTHHMMSSZ>, found {name!r}")
    digits = found["day"] + found["time"]
    try:
        at = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        serial = keys.camera_serial(found["serial"])
    except (ValueError, UsageError) as exc:
        raise RejectedInputError(f"container {name!r}: {exc}") from exc
    _require_possible(at, "the container's name", now=now)
    return RecordingName(found["user"], serial, at)


def require_possible_recording(metadata: Mapping[str, str], *, now: datetime) -> None:
    """Refuse what is said about a recording when it cannot be.

    Raises:
        RejectedInputError: a time is none or cannot be, or it ended before it began.
    """
    began = _time(metadata, "TriggerOnTime", now=now)
    ended = _time(metadata, "TriggerOffTime", now=now)
    if began is not None and ended is not None and ended < began:
        raise RejectedInputError(f"expected TriggerOffTime not before TriggerOnTime, found {ended} before {began}")


def require_possible_clip(metadata: Mapping[str, str], *, now: datetime) -> None:
    """Refuse what is said about a clip when it cannot be.

    Raises:
        RejectedInputError: a time is none or cannot be, or the clip lasts no time.
    """
    began = _time(metadata, "StartTime", now=now)
    ended = _time(metadata, "StopTime", now=now)
    if began is not None and ended is not None and ended <= began:
        raise RejectedInputError(f"expected StopTime after StartTime, found {ended} and {began}: a clip without length")


def clip_start(metadata: Mapping[str, str]) -> datetime | None:
    """When a clip began, as its sender says; `None` when that was not said."""
    return moment(_said(metadata, "StartTime")) or moment(_said(metadata, "StartTimeISO"))


def bookmark(metadata: Mapping[str, str]) -> Bookmark | None:
    """What is said about a bookmark; `None` when it does not say which moment it is about."""
    at = moment(_said(metadata, "StartTimeISO")) or moment(_said(metadata, "StartTime"))
    return None if at is None else Bookmark(at, (_said(metadata, "CategoryName") or "").strip())


def in_order(clips: Iterable[Clip]) -> list[Clip]:
    """Clips in the order in which they were recorded: by their start, and by name where that says nothing.

    Names begin with the start too, in letters that sort as the times do.
    """
    latest = datetime.max.replace(tzinfo=UTC)
    return sorted(clips, key=lambda clip: (clip.start_at or latest, clip.name))


def object_role(name: str) -> ObjectRole:
    """What an object in a recording's container is, by its name."""
    base = name.rpartition("/")[2]
    if _CLIP.fullmatch(base):
        return "clip"
    if base.endswith(".key"):
        return "key"
    if base.startswith("bookmark_"):
        return "bookmark"
    return "track" if base.endswith("_gpstrail.json") else "other"


def key_name_of(name: str, names: Iterable[str]) -> str | None:
    """Which of these objects holds the content key of another; `None` when that one is not encrypted.

    A clip `a.mkv` has its key in `a.key`; `a.mkv.key` is what the vendor's own tools write.
    """
    stem = name.rpartition(".")[0] or name
    return next((key for key in (f"{stem}.key", f"{name}.key") if key in set(names)), None)


def base_name(name: str) -> str:
    """What a clip and the objects that belong to it have in common; of a bookmark or a track, its own name."""
    found = _CLIP.fullmatch(name)
    return found["stem"] if found else name.removesuffix(".key")


def moment(text: str | None) -> datetime | None:
    """A time as a docking station writes it: seconds, milli- or microseconds since 1970, or RFC 3339.

    Returns:
        `None` when it is none of them.
    """
    if not text:
        return None
    try:
        if _EPOCH.fullmatch(text):
            whole = text.partition(".")[0]
            unit = next(unit for digits, unit in _EPOCH_UNITS if len(whole) <= digits)
            return datetime.fromtimestamp(float(text) / unit, UTC)
        at = datetime.fromisoformat(text)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError, OSError):
        return None


def is_complete(metadata: Mapping[str, str]) -> bool:
    """Whether a container's metadata says that nothing more will come."""
    return (_said(metadata, STATUS) or "").strip().lower() == COMPLETE.lower()


def require_plain(name: str) -> None:
    """Refuse a name that no database or terminal should see.

    Raises:
        RejectedInputError: it is empty or too long, or holds control characters.
    """
    if not name or len(name.encode()) > NAME_LENGTH_MAX:
        raise RejectedInputError(f"expected a name of 1 to {NAME_LENGTH_MAX} bytes, found {len(name.encode())}")
    if any(ord(character) < 0x20 or 0x7F <= ord(character) < 0xA0 for character in name):  # noqa: PLR2004  # C0, C1
        raise RejectedInputError("expected a name without control characters, found one with them")


def _said(metadata: Mapping[str, str], name: str) -> str | None:
    """Header names do not tell capitals apart, and neither do we."""
    return next((value for key, value in metadata.items() if key.lower() == name.lower()), None)


def _time(metadata: Mapping[str, str], name: str, *, now: datetime) -> datetime | None:
    """The time under this name or its ISO sister, when it is said at all."""
    found = None
    for said in (f"{name}ISO", name):
        text = _said(metadata, said)
        if not text:
            continue
        found = moment(text)
        if found is None:
            raise RejectedInputError(f"{said}: expected seconds since 1970 or RFC 3339, found {text[:40]!r}")
        _require_possible(found, said, now=now)
    return found


def _require_possible(at: datetime, what: str, *, now: datetime) -> None:
    if not EARLIEST <= at <= now + CLOCK_TOLERANCE:
        raise RejectedInputError(
            f"{what}: expected a time from {EARLIEST:%Y} to a day from now, found {at:%Y-%m-%dT%H:%M:%SZ}"
        )
