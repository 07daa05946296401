"""How does an object become a local file that is whole, or no file at all?

Bytes are digested as they arrive. A connection that breaks is opened again where it broke, as long as each attempt
brought something; botocore repeats requests, but not bodies.
"""

import hashlib
import os
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from pipeline.adapters.object_store.door import Door
from pipeline.adapters.object_store.look import head_object
from pipeline.adapters.object_store.values import UNVERSIONED, Progress
from pipeline.domain.digest import CHUNK_BYTES, Sha256
from pipeline.errors import DigestMismatchError, MissingObjectError, StoreUnavailableError

if TYPE_CHECKING:
    from hashlib import _Hash

    from mypy_boto3_s3.type_defs import GetObjectRequestTypeDef

PART_SUFFIX: Final = ".part"
_PARTIAL_CONTENT: Final = 206


@dataclass(slots=True)
class _Arrived:
    """What of the object is in the file so far."""

    size_bytes: int = 0
    hasher: "_Hash" = field(default_factory=hashlib.sha256)

    def add(self, chunk: bytes) -> None:
        self.hasher.update(chunk)
        self.size_bytes += len(chunk)

    @property
    def digest(self) -> Sha256:
        return Sha256(self.hasher.hexdigest())


def fetch_object(
    door: Door,
    bucket: str,
    key: str,
    target: Path,
    *,
    version_id: str | None,
    expect: Sha256 | None,
    resume: bool,
    progress: Progress,
) -> Sha256:
    """See `ObjectStore.fetch`."""
    request: GetObjectRequestTypeDef = {"Bucket": bucket, "Key": key}
    if version_id is not None and version_id != UNVERSIONED:
        request["VersionId"] = version_id
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(target.name + PART_SUFFIX)
    keep = resume and expect is not None
    if not keep:
        part.unlink(missing_ok=True)
    try:
        with part.open("a+b") as out:
            digest = _fill(door, request, out, expect, progress)
            out.flush()
            os.fsync(out.fileno())
        part.replace(target)
        _keep_name(target.parent)
    except BaseException:
        if part.exists() and (not keep or part.stat().st_size == 0):
            part.unlink()
        raise
    return digest


def _fill(
    door: Door,
    request: "GetObjectRequestTypeDef",
    out: BinaryIO,
    expect: Sha256 | None,
    progress: Progress,
) -> Sha256:
    """Bring the file to the object's end, from where it stands.

    Raises:
        DigestMismatchError: the bytes are not those expected; the file is empty.
    """
    arrived = _read_kept(out)
    if arrived.size_bytes:
        progress(arrived.size_bytes)
        if arrived.size_bytes < _size_bytes(door, request):
            _receive(door, request, out, arrived, progress)
        if arrived.digest == expect:
            return arrived.digest
        # What was kept was wrong: of another version, or a disk lost bytes in a crash. Once more, from zero.
        progress(-arrived.size_bytes)
        out.truncate(0)
        arrived = _Arrived()
    _receive(door, request, out, arrived, progress)
    if expect is not None and arrived.digest != expect:
        progress(-arrived.size_bytes)
        out.truncate(0)
        raise DigestMismatchError(
            f"{request['Bucket']}/{request['Key']}: expected SHA-256 {expect}, found {arrived.digest} "
            f"of {arrived.size_bytes} bytes"
        )
    return arrived.digest


def _receive(
    door: Door, request: "GetObjectRequestTypeDef", out: BinaryIO, arrived: _Arrived, progress: Progress
) -> None:
    """Read the object to its end, opening the connection again as long as each one brings something."""
    attempt: GetObjectRequestTypeDef = {**request}
    while True:
        before_bytes = arrived.size_bytes
        if before_bytes:
            attempt["Range"] = f"bytes={before_bytes}-"
        try:
            _receive_once(door, attempt, out, arrived, progress)
        except StoreUnavailableError:
            if arrived.size_bytes == before_bytes:
                raise
        else:
            return


def _receive_once(
    door: Door, attempt: "GetObjectRequestTypeDef", out: BinaryIO, arrived: _Arrived, progress: Progress
) -> None:
    bucket, key = attempt["Bucket"], attempt["Key"]
    with door.asking(bucket, key):
        response = door.client.get_object(**attempt)
        if "Range" in attempt and response["ResponseMetadata"]["HTTPStatusCode"] != _PARTIAL_CONTENT:
            raise StoreUnavailableError(f"{door.server} gave all of {bucket}/{key} when asked for the rest of it")
        # Should the connection break, the rest must be of the same object.
        attempt["IfMatch"] = response["ETag"]
        with closing(response["Body"]) as body:
            for chunk in body.iter_chunks(CHUNK_BYTES):
                out.write(chunk)
                arrived.add(chunk)
                progress(len(chunk))


def _size_bytes(door: Door, request: "GetObjectRequestTypeDef") -> int:
    found = head_object(door, request["Bucket"], request["Key"], request.get("VersionId"))
    if found is None:
        raise MissingObjectError(f"{request['Bucket']}/{request['Key']} is not in the store at {door.server}")
    return found.size_bytes


def _read_kept(out: BinaryIO) -> _Arrived:
    """Digest what an earlier call left; what is written afterwards goes to the end."""
    arrived = _Arrived()
    out.seek(0)
    for chunk in iter(lambda: out.read(CHUNK_BYTES), b""):
        arrived.add(chunk)
    return arrived


def _keep_name(folder: Path) -> None:
    """A rename survives a power cut once its folder is on disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
