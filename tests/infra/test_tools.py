"""Tool environments: installed once, whole or not at all."""

import base64
import hashlib
import subprocess
import threading
import zipfile
from pathlib import Path

import pytest

from infra.local.tools import MARKER, ensure_tool
from pipeline.errors import StackError


@pytest.fixture
def locks(tmp_path: Path) -> Path:
    """A lock file of one tiny package, made here: no registry is asked."""
    folder = tmp_path / "locks"
    folder.mkdir()
    wheel = tmp_path / "tiny-1.0-py3-none-any.whl"
    files = {
        "tiny.py": "print('tiny works')\n",
        "tiny-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n",
        "tiny-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},sha256={_record_digest(text)},{len(text)}\n" for name, text in files.items())
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in [*files.items(), ("tiny-1.0.dist-info/RECORD", record + "tiny-1.0.dist-info/RECORD,,\n")]:
            archive.writestr(name, text)
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (folder / "tiny.lock").write_text(f"tiny @ {wheel.as_uri()} --hash=sha256:{digest}\n")
    return folder


def test_a_tool_is_installed_once_and_works(tmp_path: Path, locks: Path) -> None:
    said: list[str] = []
    folder = ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)
    done = subprocess.run([folder / "bin" / "python", "-m", "tiny"], check=True, capture_output=True, text=True)
    assert done.stdout == "tiny works\n"
    assert ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append) == folder
    assert said == ["installing"]


def test_an_interrupted_installation_is_done_again(tmp_path: Path, locks: Path) -> None:
    said: list[str] = []
    folder = ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)
    (folder / MARKER).unlink()
    next(folder.glob("lib/python3*/site-packages/tiny.py")).unlink()
    ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)
    subprocess.run([folder / "bin" / "python", "-m", "tiny"], check=True, capture_output=True)
    assert said == ["installing", "installing"]


def test_another_lock_installs_beside_the_old_one(tmp_path: Path, locks: Path) -> None:
    """A stack may be running from the old one."""
    said: list[str] = []
    first = ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)
    text = (locks / "tiny.lock").read_text()
    (locks / "tiny.lock").write_text(f"# a remark is no change\n{text}")
    assert ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append) == first
    assert said == ["installing"]
    (locks / "tiny.lock").write_text(text.replace(" --hash", ' ; python_version >= "3" --hash'))
    second = ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)
    assert said == ["installing", "installing"]
    assert second != first
    for folder in (first, second):
        subprocess.run([folder / "bin" / "python", "-m", "tiny"], check=True, capture_output=True)


def test_a_wrong_hash_installs_nothing_and_names_the_lock(tmp_path: Path, locks: Path) -> None:
    text = (locks / "tiny.lock").read_text()
    (locks / "tiny.lock").write_text(text.split("--hash")[0] + f"--hash=sha256:{'0' * 64}\n")
    with pytest.raises(StackError, match=r"tiny\.lock"):
        ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=lambda _: None)
    assert list((tmp_path / "tools").glob(f"*/{MARKER}")) == []


def test_a_missing_lock_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"absent\.lock"):
        ensure_tool("absent", tools=tmp_path, locks=tmp_path, say=lambda _: None)


def test_two_at_once_install_once(tmp_path: Path, locks: Path) -> None:
    said: list[str] = []

    def install() -> None:
        ensure_tool("tiny", tools=tmp_path / "tools", locks=locks, say=said.append)

    threads = [threading.Thread(target=install) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert said.count("installing") == 1
    assert len(list((tmp_path / "tools").glob(f"*/{MARKER}"))) == 1


def _record_digest(text: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
