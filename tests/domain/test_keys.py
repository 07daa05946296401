from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain import keys
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId, ReleaseId, RenditionId
from pipeline.domain.version import Version
from pipeline.errors import UsageError

DIGEST = Sha256.of(b"footage")

labels = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", fullmatch=True).filter(
    lambda text: ".." not in text and not text.endswith(".")
)
names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,62}", fullmatch=True)
digests = st.binary(max_size=8).map(Sha256.of)
numbers = st.integers(0, 999_999)
versions = st.builds(Version, numbers, numbers, numbers)


@given(labels, labels, digests)
def test_an_upload_key_says_again_what_it_was_made_of(exercise: str, camera: str, digest: Sha256) -> None:
    key = keys.upload_key(keys.exercise_id(exercise), keys.camera_serial(camera), digest)
    assert keys.parse_upload_key(key) == keys.UploadKey(keys.exercise_id(exercise), keys.camera_serial(camera), digest)


@given(labels, digests)
def test_an_upload_key_may_leave_the_exercise_open(camera: str, digest: Sha256) -> None:
    key = keys.upload_key(None, keys.camera_serial(camera), digest)
    assert keys.parse_upload_key(key) == keys.UploadKey(None, keys.camera_serial(camera), digest)


@given(st.text())
def test_any_text_is_an_upload_key_or_none_and_never_an_error(key: str) -> None:
    found = keys.parse_upload_key(key)
    assert found is None or key.startswith(keys.upload_key(found.exercise_id, found.camera_serial, found.digest))


@pytest.mark.parametrize(
    "key",
    [
        f"uploads/EX-1/CAM/{DIGEST}/more",
        f"uploads/EX-1/{DIGEST}",
        f"uploads/../CAM/{DIGEST}",
        f"uploads/EX-1/CAM/{DIGEST.hex.upper()}",
        f"uploads/EX-1/CAM/{DIGEST}\n",
        f"/uploads/EX-1/CAM/{DIGEST}",
        f"other/EX-1/CAM/{DIGEST}",
        "dropped by hand.mp4",
    ],
)
def test_a_key_that_is_not_ours_is_no_upload_key(key: str) -> None:
    assert keys.parse_upload_key(key) is None


@pytest.mark.parametrize(
    "text", ["", ".", "..", "a/b", "a..b", ".a", "-a", "a.", "a b", "a\n", "ä", "a" * 65, "a\x00", "a\\b", "%2e"]
)
def test_no_exercise_camera_or_name_can_leave_its_place_in_a_key(text: str) -> None:
    for accept in (keys.exercise_id, keys.camera_serial, keys.release_name, keys.tier):
        with pytest.raises(UsageError, match="found"):
            accept(text)


@pytest.mark.parametrize("name", ["blobs", "tuf", "Firsthand"])
def test_a_release_cannot_take_a_name_of_the_layout_or_one_that_differs_by_case(name: str) -> None:
    with pytest.raises(UsageError, match="release name"):
        keys.release_name(name)


@given(names.filter(lambda name: name not in {"blobs", "tuf"}), versions)
def test_releases_never_share_a_key_with_blobs_or_with_one_another(name: str, version: Version) -> None:
    key = keys.release_key(keys.release_name(name), version, keys.MANIFEST_PATH)
    assert key == f"{name}/releases/{version}/release.json"
    assert not key.startswith("blobs/")


@pytest.mark.parametrize(
    "path", ["release.json", "files.parquet", "tables/clips.parquet", "DATASHEET.md", "a/b/c/d.txt"]
)
def test_plain_paths_may_stand_in_a_release(path: str) -> None:
    assert keys.release_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "..",
        "../release.json",
        "tables/../../x.parquet",
        "/etc/passwd.d",
        "tables//x.parquet",
        ".hidden.json",
        "tables/.x.json",
        "a\\b.json",
        "x.json\n",
        "C:x.json",
        "a/b/c/d/e.txt",
        "noextension",
        "x" * 300 + ".json",
    ],
)
def test_a_path_that_could_leave_the_folder_is_refused(path: str) -> None:
    with pytest.raises(UsageError, match="relative path"):
        keys.release_path(path)


def test_every_key_is_as_it_was_published() -> None:
    one, two = UUID(int=1), UUID(int=2)
    fanned = f"sha256/{DIGEST.hex[:2]}/{DIGEST}"
    assert (
        keys.upload_key(keys.exercise_id("EX-1"), keys.camera_serial("ACCC8E"), DIGEST)
        == f"uploads/EX-1/ACCC8E/{DIGEST}"
    )
    assert keys.original_key(DIGEST) == f"originals/{fanned}"
    assert keys.rendition_key(RecordingId(one), RenditionId(two), DIGEST) == f"renditions/{one}/{two}/{DIGEST}.mp4"
    assert keys.clip_key(RenditionId(one), ClipId(two), DIGEST) == f"clips/{one}/{two}/{DIGEST}.mp4"
    assert keys.sealed_key(ReleaseId(one), DIGEST) == f"sealed/{one}/{DIGEST}"
    assert keys.blob_key(keys.tier("standard"), DIGEST) == f"blobs/standard/{fanned}.mp4"
