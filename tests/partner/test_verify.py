import os
import shutil
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import UsageError
from pipeline.partner import Pulled, pull, verify
from tests.releases import BUCKET, draft_release
from tests.stores import open_store, partner_credentials


@pytest.fixture(scope="module")
def first_pull(s3_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Pulled, Path]:
    """A release of two clips, pulled."""
    home, dest = Path(s3_stack.home), tmp_path_factory.mktemp("pulled")
    name, credentials = f"t{uuid.uuid4().hex}", partner_credentials(home)
    draft_release(name, "1.0.0", [os.urandom(1000), os.urandom(2000)]).publish(
        open_store(home), reader=credentials.access_key_id
    )
    return pull(f"s3://{BUCKET}/{name}", "1.0.0", dest, credentials=credentials), dest


@pytest.fixture
def pulled(first_pull: tuple[Pulled, Path], tmp_path: Path) -> Pulled:
    """A copy of it in `tmp_path`, to be spoilt."""
    pulled, dest = first_pull
    shutil.copytree(dest, tmp_path, dirs_exist_ok=True)
    return replace(pulled, folder=tmp_path / pulled.folder.relative_to(dest))


def test_everything_is_read_and_found_good(pulled: Pulled, tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    found = verify(tmp_path, progress=lambda done, total: told.append((done, total)))
    receipt = pulled.receipt
    assert found.releases == ((receipt.name, receipt.version, receipt.manifest_digest),)
    assert (found.files, found.size_bytes, found.faults) == (5, receipt.size_bytes, ())
    assert told[0] == (0, receipt.size_bytes)
    assert told[-1] == (receipt.size_bytes, receipt.size_bytes)
    found.require_intact()


@pytest.mark.usefixtures("pulled")
def test_verify_changes_no_file(tmp_path: Path) -> None:
    files = [path for path in tmp_path.rglob("*") if path.is_file() and ".firsthand" not in path.parts]
    next(path for path in files if path.suffix == ".mp4").write_bytes(b"damaged")
    before = {path: path.stat() for path in files}
    assert len(verify(tmp_path).faults) == 1
    assert {path: (status.st_mtime_ns, status.st_size) for path, status in before.items()} == {
        path: (path.stat().st_mtime_ns, path.stat().st_size) for path in files
    }


@pytest.mark.parametrize(
    ("target", "kind"),
    [
        ("release.json", "altered"),
        ("files.parquet", "altered"),
        ("tables/clips.parquet", "altered"),
        ("PULLED.json", "incomplete"),
    ],
)
def test_each_file_of_a_release_that_was_altered_is_named(
    pulled: Pulled, tmp_path: Path, target: str, kind: str
) -> None:
    path = pulled.folder / target
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    faults = verify(tmp_path).faults
    assert kind in {fault.kind for fault in faults}
    assert {fault.path for fault in faults} == {pulled.folder if kind == "incomplete" else path}


def test_what_is_missing_is_named(pulled: Pulled, tmp_path: Path) -> None:
    blob = next(tmp_path.rglob("*.mp4"))
    blob.unlink()
    (pulled.folder / "PULLED.json").unlink()
    assert [(fault.kind, fault.path) for fault in verify(tmp_path).faults] == sorted(
        [("missing", blob), ("incomplete", pulled.folder)], key=lambda fault: fault[1]
    )


def test_a_folder_that_cannot_be_written_to_is_verified_all_the_same(pulled: Pulled, tmp_path: Path) -> None:
    # Where our own folder should be is a file: no lock and no index can be kept, even by root.
    shutil.rmtree(tmp_path / ".firsthand")
    (tmp_path / ".firsthand").write_bytes(b"")
    assert verify(tmp_path).faults == ()
    (pulled.folder / "files.parquet").unlink()
    assert {fault.kind for fault in verify(tmp_path).faults} == {"missing", "unreadable"}


def test_a_folder_without_releases_is_told_how_it_is_filled(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="firsthand pull"):
        verify(tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        verify(tmp_path / "absent")
