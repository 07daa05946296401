"""What exactly is in this release, to the byte?

The manifest lists every file of a release with its digest; one of those files lists every clip. So the digest of the
manifest stands for all of it: whoever knows that one number can check everything else.

Rules kept here:

* The same content gives the same bytes: canonical JSON (RFC 8785: sorted names, no white space, integers only).
* Reading tells all mistakes at once, and refuses what would not be a plain file inside the release's folder.
* Names it does not know are passed over, so that a later schema 1 may say more; a change of meaning is schema 2.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, Self, cast, get_args

from pipeline.domain.digest import Sha256
from pipeline.domain.keys import FILES_PATH, MANIFEST_PATH, RECEIPT_PATH, ReleaseName, release_name, release_path
from pipeline.domain.reading import Reader
from pipeline.domain.version import Version
from pipeline.errors import CustodyError, UsageError

SCHEMA_VERSION: Final = 1

FileRole = Literal["blobs", "table", "document"]
"""What a file is for: the list of clip files, a table of rows, or words for people."""

_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]+/[A-Za-z0-9.+-]+")
_TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True)
class TaxonomyRef:
    """The taxonomy whose words the labels use."""

    taxonomy_id: str
    version: str
    digest: Sha256


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """One file in the release's folder."""

    path: str
    digest: Sha256
    size_bytes: int
    role: FileRole
    media_type: str

    def __post_init__(self) -> None:
        release_path(self.path)
        if self.path.casefold() in {MANIFEST_PATH.casefold(), RECEIPT_PATH.casefold()}:
            raise ValueError(f"{self.path} is not a file that a manifest can list")
        if self.size_bytes < 0:
            raise ValueError(f"{self.path}: expected a size of 0 bytes or more, found {self.size_bytes}")

    @classmethod
    def of(cls, path: str, content: bytes, *, role: FileRole, media_type: str) -> Self:
        """Describe a file by its content."""
        return cls(path, Sha256.of(content), len(content), role, media_type)


@dataclass(frozen=True, slots=True)
class Manifest:
    """The root of one sealed release."""

    name: ReleaseName
    version: Version
    created_at: datetime
    """When the release was sealed: whole seconds, UTC."""
    taxonomy: TaxonomyRef
    files: tuple[ReleaseFile, ...]
    """Sorted by path; exactly one has the role `blobs`."""

    def __post_init__(self) -> None:
        if self.created_at.tzinfo is not UTC or self.created_at.microsecond:
            raise ValueError(f"expected whole seconds in UTC, found {self.created_at.isoformat()}")
        paths = [file.path for file in self.files]
        if paths != sorted({path.casefold(): path for path in paths}.values()):
            raise ValueError(
                f"expected files sorted by path, each once whatever the case of its letters, found {paths}"
            )
        if [file.path for file in self.files if file.role == "blobs"] != [FILES_PATH]:
            raise ValueError(f"expected exactly {FILES_PATH} to have the role blobs, found {paths}")

    @classmethod
    def of(
        cls,
        *,
        name: ReleaseName,
        version: Version,
        created_at: datetime,
        taxonomy: TaxonomyRef,
        files: Iterable[ReleaseFile],
    ) -> Self:
        """A manifest of these files in any order, sealed at an aware time whose fraction of a second is dropped."""
        return cls(
            name=release_name(name),
            version=version,
            created_at=created_at.astimezone(UTC).replace(microsecond=0),
            taxonomy=taxonomy,
            files=tuple(sorted(files, key=lambda file: file.path)),
        )

    @property
    def digest(self) -> Sha256:
        """The digest of the canonical bytes: the one number that stands for the release."""
        return Sha256.of(self.to_bytes())

    def to_bytes(self) -> bytes:
        """The canonical JSON of the manifest, without a final newline."""
        taxonomy = self.taxonomy
        content = {
            "schema_version": SCHEMA_VERSION,
            "name": self.name,
            "version": str(self.version),
            "created_at": self.created_at.strftime(_TIME),
            "taxonomy": {"id": taxonomy.taxonomy_id, "version": taxonomy.version, "sha256": taxonomy.digest.hex},
            "files": [
                {
                    "path": file.path,
                    "sha256": file.digest.hex,
                    "bytes": file.size_bytes,
                    "role": file.role,
                    "media_type": file.media_type,
                }
                for file in self.files
            ],
        }
        # All names are ASCII and all numbers are whole, so this is RFC 8785; a test compares the two.
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read a manifest.

        Raises:
            UsageError: it was written by a newer Firsthand than this.
            CustodyError: it is not a manifest; the message tells every mistake.
        """
        reader = Reader.of_json(content, what=MANIFEST_PATH)
        schema_version = reader.integer("schema_version", least=1)
        if schema_version > SCHEMA_VERSION:
            raise UsageError(
                f"{MANIFEST_PATH} has schema_version {schema_version} and this Firsthand reads {SCHEMA_VERSION}: "
                "install a newer one"
            )
        name = reader.read("name", release_name)
        version = reader.read("version", Version.parse)
        created_at = reader.read("created_at", _time)
        taxonomy = reader.inner("taxonomy")
        of_taxonomy = (taxonomy.text("id"), taxonomy.text("version"), taxonomy.read("sha256", Sha256))
        listed = [
            (
                entry.read("path", release_path),
                entry.read("sha256", Sha256),
                entry.integer("bytes", least=0),
                entry.read("role", _role),
                entry.read("media_type", _media_type),
            )
            for entry in reader.inners("files")
        ]
        reader.finish()
        try:
            files = [ReleaseFile(*parts) for parts in listed]
            return cls.of(
                name=name, version=version, created_at=created_at, taxonomy=TaxonomyRef(*of_taxonomy), files=files
            )
        except ValueError as exc:
            raise CustodyError(f"{MANIFEST_PATH}: {exc}") from exc


def _time(text: str) -> datetime:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC)


def _role(text: str) -> FileRole:
    if text not in get_args(FileRole):
        raise ValueError(f"expected one of {', '.join(get_args(FileRole))}, found {text[:80]!r}")
    return cast("FileRole", text)


def _media_type(text: str) -> str:
    if not _MEDIA_TYPE.fullmatch(text):
        raise ValueError(f"expected a media type such as video/mp4, found {text[:80]!r}")
    return text
