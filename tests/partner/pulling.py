"""Releases that tests pull, and what they do to what was pulled."""

import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.partner import Pulled, StoreCredentials, pull
from tests.releases import BUCKET, Draft, draft_release

MOMENT = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
PROJECT = Path(__file__).parents[2]


def publish(store: ObjectStore, credentials: StoreCredentials) -> Draft:
    """Three clips, two of them with the same bytes."""
    shared = os.urandom(1000)
    draft = draft_release(f"t{uuid.uuid4().hex}", "1.0.0", [shared, os.urandom(2000), shared])
    draft.publish(store, reader=credentials.access_key_id)
    return draft


def pull_it(draft: Draft, dest: Path, credentials: StoreCredentials, **more: Any) -> Pulled:
    source = f"s3://{BUCKET}/{draft.manifest.name}"
    return pull(source, str(draft.manifest.version), dest, credentials=credentials, clock=lambda: MOMENT, **more)


def snapshot(folder: Path) -> dict[str, tuple[bytes, int]]:
    """Every file with its content and the time it was last changed, our own notes apart."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".firsthand" not in path.parts
    }


def blob_path(dest: Path, content: bytes) -> Path:
    digest = Sha256.of(content)
    return dest / "blobs" / "sha256" / digest.hex[:2] / f"{digest}.mp4"


def flip_a_bit(path: Path, *, keep_time: bool = True) -> None:
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    if keep_time:
        os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
