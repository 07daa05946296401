"""A partner reads what was granted, and nothing else."""

import os
from pathlib import Path

import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain.digest import Sha256
from pipeline.errors import (
    AccessDeniedError,
    DigestMismatchError,
)
from tests.adapters.object_store.objects import BUCKET, MEDIA_TYPE, a_key, put
from tests.stores import PART_BYTES, partner_credentials


@pytest.mark.parametrize("size_bytes", [10, 2 * PART_BYTES + 1])
def test_a_partner_reads_what_was_granted_and_the_owner_still_does(
    store: ObjectStore, home: Path, tmp_path: Path, size_bytes: int
) -> None:
    content, reader = os.urandom(size_bytes), partner_credentials(home)
    digest = Sha256.of(content)
    stored = store.put_once(
        "releases", a_key(digest), content, digest=digest, media_type=MEDIA_TYPE, reader=reader.access_key_id
    )
    partner = reader.open_store(connections=2)
    assert partner.fetch("releases", stored.key, tmp_path / "theirs", expect=digest) == digest
    assert store.fetch("releases", stored.key, tmp_path / "ours", expect=digest) == digest


def test_a_partner_is_refused_everything_else(store: ObjectStore, home: Path, tmp_path: Path) -> None:
    granted, secret = a_key(), a_key()
    reader = partner_credentials(home)
    store.put_once(
        "releases",
        granted,
        b"granted",
        digest=Sha256.of(b"granted"),
        media_type=MEDIA_TYPE,
        reader=reader.access_key_id,
    )
    put(store, secret, b"secret", bucket="releases")
    put(store, secret, b"secret")
    partner = reader.open_store(connections=2)
    attempts = [
        lambda: partner.fetch("releases", secret, tmp_path / "target"),
        lambda: partner.fetch(BUCKET, secret, tmp_path / "target"),
        lambda: partner.head(BUCKET, secret),
        lambda: partner.check(BUCKET),
        lambda: list(partner.list("originals", "")),
        lambda: put(partner, a_key(), b"mine", bucket="releases"),
        lambda: put(partner, a_key(), b"x" * (16 << 20) + b"x", bucket="releases"),
        lambda: put(partner, a_key(), b"mine"),
    ]
    for attempt in attempts:
        with pytest.raises(AccessDeniedError, match="FIRSTHAND_PARTNER_S3_ACCESS_KEY_ID"):
            attempt()
    with pytest.raises(DigestMismatchError):
        put(partner, granted, b"mine", bucket="releases")
    assert store.read("releases", granted, limit_bytes=100) == b"granted"
    assert list(tmp_path.iterdir()) == []
