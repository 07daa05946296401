"""What does the sender say about an upload, and how does that travel with the object?

A claim is written into the object's metadata by `firsthand upload` and read again when the upload is received. It is
the word of a machine we do not trust: its clock, its file name, its size. What the store itself saw (size, time of
arrival) is beside it, and the digest is computed again from the bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

from pipeline.domain.companion import CompanionKind, companion_kind


@dataclass(frozen=True, slots=True)
class UploadClaim:
    """What was said; each part is `None` when it was not said, or not in a form we can read."""

    original_name: str | None = None
    """What the file was called where it came from. May name a person: never log it, never release it."""
    size_bytes: int | None = None
    modified_at: datetime | None = None
    """When the sender's file system says the file was last written."""
    started_at: datetime | None = None
    """When recording began, as the sender says."""
    sent_at: datetime | None = None
    """When the sender's clock says sending began."""
    companion_kind: CompanionKind | None = None
    """What it is to the footage that it belongs to, where the sender knows."""
    base_name: str | None = None
    """What it and its companions are called, in capitals, where the sender knows."""
    folder: str | None = None
    """The folder that the camera put it in, as `pipeline.domain.companion.dcf_folder` gives it."""

    @staticmethod
    def name_of(text: str) -> str | None:
        """A file name as it is kept."""
        return _name(text)

    def to_metadata(self) -> dict[str, str]:
        """The claim as object metadata; what was not said is left out."""
        said = {
            "original-name": self.original_name,
            "size-bytes": None if self.size_bytes is None else str(self.size_bytes),
            "modified-at": None if self.modified_at is None else self.modified_at.astimezone(UTC).isoformat(),
            "started-at": None if self.started_at is None else self.started_at.astimezone(UTC).isoformat(),
            "sent-at": None if self.sent_at is None else self.sent_at.astimezone(UTC).isoformat(),
            "companion-kind": self.companion_kind,
            "base-name": self.base_name,
            "folder": self.folder or None,
        }
        return {name: value for name, value in said.items() if value is not None}

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str]) -> Self:
        """Read the metadata of any object, from any sender."""
        size = metadata.get("size-bytes", "")
        return cls(
            original_name=_name(metadata.get("original-name", "")),
            size_bytes=int(size) if size.isascii() and size.isdigit() and len(size) < _SIZE_DIGITS_MAX else None,
            modified_at=_time(metadata.get("modified-at", "")),
            started_at=_time(metadata.get("started-at", "")),
            sent_at=_time(metadata.get("sent-at", "")),
            companion_kind=companion_kind(metadata.get("companion-kind", "")),
            base_name=_name(metadata.get("base-name", "").upper()),
            folder=_name(metadata.get("folder", "")),
        )


_SIZE_DIGITS_MAX = 19


_NAME_LENGTH_MAX = 255
"""As long as a file name can be on the file systems that cameras and people use."""


def _name(text: str) -> str | None:
    """A name without what no file name needs and no database or terminal should see: NUL, escapes, line breaks."""
    return "".join(character for character in text if character.isprintable())[:_NAME_LENGTH_MAX] or None


def _time(text: str) -> datetime | None:
    """An aware time in UTC; a time without an offset says too little to be one."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None
