"""What a pull leaves behind, and how it goes on."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipeline.adapters.object_store import ObjectStore
from pipeline.errors import (
    StoreUnavailableError,
    UsageError,
)
from pipeline.partner import StoreCredentials, pull, verify
from tests.partner.pulling import PROJECT, blob_path, pull_it, snapshot
from tests.releases import BUCKET, Draft, draft_release
from tests.stores import partner_credentials
from tests.wire import wire_to


def test_a_pulled_release_is_complete_and_says_so(
    published: Draft, tmp_path: Path, credentials: StoreCredentials
) -> None:
    told: list[tuple[int, int]] = []
    pulled = pull_it(published, tmp_path, credentials, progress=lambda done, total: told.append((done, total)))
    manifest = published.manifest
    folder = f"{manifest.name}/1.0.0"
    total_bytes = 3000 + sum(len(table) for table in published.tables.values())
    assert {path: content for path, (content, _) in snapshot(tmp_path).items() if not path.endswith("PULLED.json")} == {
        f"{folder}/release.json": manifest.to_bytes(),
        **{f"{folder}/{path}": content for path, content in published.tables.items()},
        **{blob_path(Path(), content).as_posix(): content for content in published.clips},
    }
    assert json.loads((pulled.folder / "PULLED.json").read_text()) == {
        "schema_version": 1,
        "name": manifest.name,
        "version": "1.0.0",
        "manifest_sha256": manifest.digest.hex,
        "files": 2,
        "blobs": 2,
        "bytes": total_bytes,
        "pulled_at": "2026-11-22T19:00:00+00:00",
    }
    assert pulled.receipt.manifest_digest == manifest.digest
    assert (pulled.fetched_files, pulled.fetched_bytes) == (4, total_bytes)
    assert told[-1] == (total_bytes, total_bytes)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert pq.read_table(pulled.folder / "tables" / "clips.parquet").num_rows == 3


def test_pulling_again_changes_nothing_and_fetches_only_the_manifest(
    published: Draft, tmp_path: Path, home: Path, credentials: StoreCredentials
) -> None:
    first = pull_it(published, tmp_path, credentials)
    before = snapshot(tmp_path)
    with wire_to(str(credentials.endpoint_url)) as wire:
        second = pull(
            f"s3://{BUCKET}/{published.manifest.name}/",
            "1.0.0",
            tmp_path,
            credentials=partner_credentials(home, endpoint_url=wire.url),
        )
        assert wire.to_client_bytes < len(published.manifest.to_bytes()) + 2000
    assert snapshot(tmp_path) == before
    assert (second.receipt, second.fetched_files) == (first.receipt, 0)


def test_a_newer_version_fetches_only_what_is_new(
    own: Draft, store: ObjectStore, tmp_path: Path, credentials: StoreCredentials
) -> None:
    pull_it(own, tmp_path, credentials)
    newer = draft_release(own.manifest.name, "1.1.0", [*own.clips, os.urandom(500)])
    newer.publish(store, reader=credentials.access_key_id)
    pulled = pull_it(newer, tmp_path, credentials)
    assert pulled.fetched_bytes == 500 + sum(len(table) for table in newer.tables.values())
    assert [str(version) for _, version, _ in verify(tmp_path).releases] == ["1.0.0", "1.1.0"]


@pytest.mark.parametrize("index", ["deleted", "damaged"])
def test_the_index_only_saves_reading(
    published: Draft, tmp_path: Path, credentials: StoreCredentials, index: str
) -> None:
    pull_it(published, tmp_path, credentials)
    before = snapshot(tmp_path)
    path = tmp_path / ".firsthand" / "verified.sqlite"
    path.unlink() if index == "deleted" else path.write_bytes(b"no database" * 1000)
    assert pull_it(published, tmp_path, credentials).fetched_files == 0
    assert snapshot(tmp_path) == before


PULLER = """
import sys, time
from pathlib import Path
from pipeline.partner import pull
from tests.stores import partner_credentials

home, source, dest, stop_at = sys.argv[1:]

def stall(done, total):
    if done >= int(stop_at):
        print("stalled", flush=True)
        time.sleep(600)

pull(source, "1.0.0", Path(dest), credentials=partner_credentials(Path(home)), jobs=1, progress=stall)
"""


def test_a_pull_that_was_killed_is_gone_on_with_where_it_was(
    store: ObjectStore, home: Path, credentials: StoreCredentials, name: str, tmp_path: Path
) -> None:
    size_bytes = 4_000_000
    draft = draft_release(name, "1.0.0", [os.urandom(size_bytes) for _ in range(3)])
    draft.publish(store, reader=credentials.access_key_id)
    dest = tmp_path / "dest"
    argv = [sys.executable, "-c", PULLER, str(home), f"s3://{BUCKET}/{name}", str(dest), str(int(1.6 * size_bytes))]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, cwd=PROJECT) as puller:
        assert puller.stdout is not None
        began = b"stalled\n" in iter(puller.stdout.readline, b"")
        puller.send_signal(signal.SIGKILL)
    assert began
    (whole,) = dest.rglob("*.mp4")
    (part,) = dest.rglob("*.mp4.part")
    kept_bytes = part.stat().st_size
    assert 0 < kept_bytes < size_bytes
    assert not list(dest.rglob("PULLED.json"))
    assert [fault.kind for fault in verify(dest).faults].count("incomplete") == 1
    before = whole.stat().st_mtime_ns

    with wire_to(str(credentials.endpoint_url)) as wire:
        pulled = pull_it(draft, dest, partner_credentials(home, endpoint_url=wire.url))
        missing_bytes = 2 * size_bytes - kept_bytes
        assert missing_bytes <= wire.to_client_bytes < missing_bytes + 100_000

    assert whole.stat().st_mtime_ns == before
    assert pulled.receipt.blobs == 3
    assert not list(dest.rglob("*.part"))
    assert verify(dest).faults == ()


def test_a_store_that_goes_away_ends_the_pull_and_keeps_what_came(
    store: ObjectStore, home: Path, credentials: StoreCredentials, name: str, tmp_path: Path
) -> None:
    draft = draft_release(name, "1.0.0", [os.urandom(3_000_000)])
    draft.publish(store, reader=credentials.access_key_id)
    with wire_to(str(credentials.endpoint_url)) as wire:
        # Cut in the middle of the clip, and from then on at the first byte of every answer.
        wire.cuts = [2_000_000, *[0] * 1000]
        with pytest.raises(StoreUnavailableError, match="FIRSTHAND_PARTNER_S3_ENDPOINT_URL"):
            pull_it(draft, tmp_path, partner_credentials(home, endpoint_url=wire.url))
    (part,) = tmp_path.rglob("*.mp4.part")
    assert part.stat().st_size > 1_000_000
    assert not list(tmp_path.rglob("PULLED.json"))
    pull_it(draft, tmp_path, credentials)
    assert verify(tmp_path).faults == ()


def test_only_one_pull_works_in_a_folder(published: Draft, tmp_path: Path, credentials: StoreCredentials) -> None:
    refused: list[str] = []

    def intrude(*_: int) -> None:
        if not refused:
            with pytest.raises(UsageError, match="another pull or verify") as error:
                verify(tmp_path)
            refused.append(str(error.value))

    pull_it(published, tmp_path, credentials, progress=intrude)
    assert len(refused) == 1
