"""Is the environment of a server that does not share ours (Label Studio, Swift, Postgres) installed?

Each has its own folder under the tools folder, made from its lock file with hashes. A marker with the digest of the
lock says that the folder is whole: it is written last, so an installation that was interrupted is done again. The
folder is a cache: several stacks share it, and a file lock lets one of them install while the others wait.
"""

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infra.local.files import write_private
from infra.local.locking import exclusive
from pipeline.errors import StackError

INSTALL_WAIT_S = 1800.0
MARKER = ".firsthand-lock"
LAST_LINES = 15


def ensure_tool(name: str, *, tools: Path, locks: Path, say: Callable[[str], None]) -> Path:
    """Install a tool environment unless it is there already. Safe to repeat and to call from several processes.

    Args:
        name: Name of the lock file, and of the folder.
        tools: Folder of all tool environments.
        locks: Folder of the lock files.
        say: Told in a few words what takes long.

    Returns:
        The environment's folder.

    Raises:
        StackError: The installation failed; the next call starts it again.
    """
    lock_file = locks / f"{name}.lock"
    if not lock_file.is_file():
        raise StackError(f"expected the lock file of {name} at {lock_file}, found none")
    wanted = hashlib.sha256(lock_file.read_bytes() + sys.version.encode()).hexdigest()
    folder = tools / name
    if _installed(folder, wanted):
        return folder
    with exclusive(tools / f".{name}.lock", wait_s=INSTALL_WAIT_S, waiting=lambda: say("installed by another command")):
        if not _installed(folder, wanted):
            say("installing")
            _install(folder, lock_file)
            write_private(folder / MARKER, wanted)
    return folder


def _installed(folder: Path, wanted: str) -> bool:
    marker = folder / MARKER
    # The interpreter that the environment was made from may have been removed since.
    has_python = (folder / "bin" / "python").exists()
    return has_python and marker.is_file() and marker.read_text(encoding="utf-8") == wanted


def _install(folder: Path, lock_file: Path) -> None:
    # Removed first: while the folder changes it must not look whole. And made from nothing, because a package that was
    # being written when the installation was killed can look installed to uv.
    (folder / MARKER).unlink(missing_ok=True)
    uv = _uv()
    _run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], lock_file)
    sync = [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", str(folder / "bin" / "python")]
    _run([*sync, str(lock_file)], lock_file)


def _run(argv: list[str], lock_file: Path) -> None:
    # Trust what the system trusts, also behind a proxy with an authority of its own.
    trusting = os.environ | {"UV_SYSTEM_CERTS": "true"}
    done = subprocess.run(argv, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=trusting)
    if done.returncode != 0:
        last = "\n".join((done.stdout + done.stderr).splitlines()[-LAST_LINES:])
        raise StackError(f"expected {lock_file.name} to install, uv ended with {done.returncode}:\n{last}")


def _uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if os.access(beside, os.X_OK) else shutil.which("uv")
    if found is None:
        raise StackError("expected the program uv beside this Python, found none: install the extra `dev`")
    return found
