import os
from pathlib import Path

import pytest

from pipeline.domain.digest import Sha256
from pipeline.errors import DigestMismatchError, MissingObjectError, UsageError
from pipeline.lookup.fetching import Fetched, get
from pipeline.records import releases
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import EXERCISE
from tests.furnished import Furnished
from tests.stack_fixtures import SessionStack
from tests.stored import content_of, store_chain


def fetch(bench: Workbench, text: object, target: Path) -> Fetched:
    (found,) = get(str(text), target, db=bench.db, store=bench.store, progress=lambda _: None)
    return found


@pytest.mark.parametrize("kind", ["upload", "original", "recording", "rendition", "clip", "encoding", "release"])
def test_the_bytes_of_a_thing_arrive_verified(furnished: Furnished, tmp_path: Path, kind: str) -> None:
    chain, bench = furnished.chain, furnished.bench
    with bench.db.begin() as session:
        seal = releases.find_seal(session, furnished.published)
    assert seal is not None
    thing_id, content, suffix = {
        "upload": (chain.upload.upload_id, b"footage one", ""),
        "original": (chain.original.digest, b"footage one", ""),
        "recording": (chain.recording.recording_id, b"footage one", ""),
        "rendition": (chain.rendition.rendition_id, content_of(chain.rendition.rendition_id), ".mp4"),
        "clip": (chain.clips[0].clip_id, content_of(chain.clips[0].clip_id), ".mp4"),
        "encoding": (furnished.encoding.encoding_id, content_of("encoding"), ".mp4"),
        "release": (furnished.published, seal.manifest, ".json"),
    }[kind]
    found = fetch(bench, thing_id, tmp_path)
    assert found.path == tmp_path / f"{thing_id}{suffix}"
    assert found.path.read_bytes() == content
    assert (found.digest, found.size_bytes, found.ref.kind) == (Sha256.of(content), len(content), kind)
    named = fetch(bench, thing_id, tmp_path / "named.bin")
    assert named.path.read_bytes() == content
    again = fetch(bench, thing_id, tmp_path / "named.bin")
    assert again == named
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([found.path.name, "named.bin"])


def test_what_is_in_quarantine_can_be_looked_at(furnished: Furnished, tmp_path: Path) -> None:
    assert fetch(furnished.bench, furnished.quarantined, tmp_path).path.read_bytes() == b"no footage"


@pytest.mark.parametrize("kind", ["exercise", "annotation"])
def test_a_thing_without_bytes_is_told_so(furnished: Furnished, tmp_path: Path, kind: str) -> None:
    thing_id = {"exercise": EXERCISE, "annotation": furnished.annotations[0]}[kind]
    with pytest.raises(UsageError, match=f"a thing of kind {kind} has no bytes: `firsthand show {thing_id}`"):
        fetch(furnished.bench, thing_id, tmp_path)


def test_a_release_that_is_not_published_has_no_bytes_yet(furnished: Furnished, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"release {furnished.drafted} is not published"):
        fetch(furnished.bench, furnished.drafted, tmp_path)


def test_a_folder_that_is_not_there_is_told(furnished: Furnished, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=f"the folder {tmp_path / 'nowhere'} does not exist"):
        fetch(furnished.bench, furnished.chain.clips[0].clip_id, tmp_path / "nowhere" / "clip.mp4")


def test_a_target_that_cannot_be_written_is_told(furnished: Furnished) -> None:
    """The kernel lets nobody make files there, not even root."""
    assert os.path.ismount("/proc")
    with pytest.raises(UsageError, match=r"/proc/clip\.mp4 cannot be written"):
        fetch(furnished.bench, furnished.chain.clips[0].clip_id, Path("/proc/clip.mp4"))


def test_bytes_that_changed_on_the_disk_of_the_store_do_not_arrive(
    own_bench: Workbench, postgres_s3_stack: SessionStack, tmp_path: Path
) -> None:
    clip = store_chain(own_bench, "spoiled", clip_count=1).clips[0]
    content = content_of(clip.clip_id)
    for path in (postgres_s3_stack.home / "swift").rglob("*.data"):
        if path.read_bytes() == content:
            path.write_bytes(content[:-1] + b"!")
    target = tmp_path / "clip.mp4"
    target.write_bytes(b"what was there before")
    with pytest.raises(DigestMismatchError, match="expected SHA-256"):
        fetch(own_bench, clip.clip_id, target)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["clip.mp4"]
    assert target.read_bytes() == b"what was there before"


def test_bytes_that_are_gone_are_missed(own_bench: Workbench, tmp_path: Path) -> None:
    chain = store_chain(own_bench, "taken", clip_count=1)
    at = chain.made[0].at
    raw_client(own_bench).delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    with pytest.raises(MissingObjectError, match=at.key):
        fetch(own_bench, chain.clips[0].clip_id, tmp_path / "clip.mp4")
    assert not (tmp_path / "clip.mp4").exists()
