"""Is the environment of a server that does not share ours (Label Studio, Swift, Postgres) installed?

Each has its own folder under the tools folder, made from its lock file with hashes and named by the digest of what the
lock says. So another lock makes another folder, and a stack that runs from the old one is not disturbed. A marker says
that the folder is whole: it is written last, so an installation that was interrupted is done again. The folders are a
cache: several stacks share them, and a file lock lets one of them install while the others wait.
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
MARKER = ".whole"
DIGEST_DIGITS = 12
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
    folder = tool_folder(name, tools=tools, locks=locks)
    if _is_whole(folder):
        return folder

    def waiting() -> None:
        say("another command is installing it")

    with exclusive(tools / f".{name}.lock", wait_s=INSTALL_WAIT_S, waiting=waiting):
        if not _is_whole(folder):
            say("installing")
            _install(folder, locks / f"{name}.lock")
            write_private(folder / MARKER, sys.version)
    return folder


def tool_folder(name: str, *, tools: Path, locks: Path) -> Path:
    """Where a tool environment lies, installed or not.

    Raises:
        StackError: There is no lock file of this name.
    """
    lock_file = locks / f"{name}.lock"
    if not lock_file.is_file():
        raise StackError(f"expected the lock file of {name} at {lock_file}, found none")
    said = [line.strip() for line in lock_file.read_text(encoding="utf-8").splitlines()]
    basis = [sys.version, *(line for line in said if line and not line.startswith("#"))]
    digest = hashlib.sha256("\n".join(basis).encode()).hexdigest()
    return tools / f"{name}-{digest[:DIGEST_DIGITS]}"


def _is_whole(folder: Path) -> bool:
    # The interpreter that the environment was made from may have been removed since.
    return (folder / MARKER).is_file() and (folder / "bin" / "python").exists()


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
