"""How are private files written so that a kill never leaves half of one?

Everything in the home of the stack may hold a secret, so every file is made with mode 0600 from its first byte, and
takes its name only when it is whole and on the disk.
"""

import os
import secrets
from pathlib import Path

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
LONG_LOG_BYTES = 32 * 1024**2


def write_private(path: Path, text: str) -> bool:
    """Give a file exactly this text, readable by its owner only. Safe to repeat.

    Returns:
        Whether anything changed: a file that already says this is left alone.
    """
    if path.is_file() and path.read_text(encoding="utf-8") == text and path.stat().st_mode & 0o777 == PRIVATE_FILE:
        return False
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return True


def private_folder(path: Path) -> Path:
    """Make a folder, and those above it that are missing, that only the owner can enter.

    Those that are there already keep their mode. Safe to repeat.
    """
    for folder in [*reversed(path.parents), path]:
        folder.mkdir(exist_ok=True, mode=PRIVATE_FOLDER)
    return path


def open_log(path: Path) -> int:
    """Open a log file at its end; one that has grown long is put aside first, and the one put aside before is lost.

    Returns:
        A file descriptor, to be closed by the caller.
    """
    private_folder(path.parent)
    if path.is_file() and path.stat().st_size > LONG_LOG_BYTES:
        path.replace(path.with_suffix(".1.log"))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, PRIVATE_FILE)
