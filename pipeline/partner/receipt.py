"""When is a pulled release complete, and what exactly was pulled?

`PULLED.json` is written last, when everything it counts was there and had the right digest. Without it a release's
folder is the trace of a pull that did not end.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pipeline.domain.digest import Sha256
from pipeline.domain.keys import RECEIPT_PATH, ReleaseName, release_name
from pipeline.domain.reading import Reader
from pipeline.domain.version import Version
from pipeline.errors import CustodyError
from pipeline.partner.holdings import write_whole


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a pull found to be there, all of it checked."""

    name: ReleaseName
    version: Version
    manifest_digest: Sha256
    """Compare it with what whoever gave you the data says it is: this one number stands for all of it."""
    files: int
    """In the release's folder, the manifest not counted."""
    blobs: int
    """Clips, each counted once."""
    size_bytes: int
    """Of files and clips."""
    pulled_at: datetime

    def write(self, folder: Path) -> None:
        """Put the receipt into a release's folder."""
        content = {
            "schema_version": 1,
            "name": self.name,
            "version": str(self.version),
            "manifest_sha256": self.manifest_digest.hex,
            "files": self.files,
            "blobs": self.blobs,
            "bytes": self.size_bytes,
            "pulled_at": self.pulled_at.astimezone(UTC).isoformat(timespec="seconds"),
        }
        write_whole(folder / RECEIPT_PATH, json.dumps(content, indent=2).encode() + b"\n")

    @classmethod
    def find(cls, folder: Path) -> Self | None:
        """The receipt in a release's folder; `None` when there is none that can be read: then nothing is certain."""
        try:
            reader = Reader.of_json((folder / RECEIPT_PATH).read_bytes(), what=RECEIPT_PATH)
            found = cls(
                name=reader.read("name", release_name),
                version=reader.read("version", Version.parse),
                manifest_digest=reader.read("manifest_sha256", Sha256),
                files=reader.integer("files", least=0),
                blobs=reader.integer("blobs", least=0),
                size_bytes=reader.integer("bytes", least=0),
                pulled_at=reader.read("pulled_at", datetime.fromisoformat),
            )
            reader.finish()
        except (FileNotFoundError, CustodyError):
            return None
        return found
