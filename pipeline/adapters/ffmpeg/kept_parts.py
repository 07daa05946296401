"""Which parts of a long rendition were done before this process began, and need not be done again?

Hours of encoding must not be lost with the process that did them. Rules kept here:

* A part lies in a folder named by the command that made it: another span, recipe or way of reading is another part. Of
  which originals, recipe and tool it is, the folder above says.
* It appears whole or not at all: made under another name, written through to the disk, renamed.
* It is used only if every file has the digest that was written beside it: half of a part, or an altered one, is none.
* Files are linked, never moved: whoever works with a part has it to the end, though another process takes it away.
* Keeping is a favour: where it does not work, the rendition is made all the same.
"""

import json
import os
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

import structlog

from pipeline.domain.digest import Sha256

log = structlog.get_logger()

_DIGESTS = "digests.json"
_UNDER_WAY = "new-"


class KeptParts:
    """The parts of one rendition that are done. Safe to share between threads and processes."""

    def __init__(self, folder: Path | None) -> None:
        """Take a folder for one rendition, on the filesystem where it is worked, made when needed; or keep nothing."""
        self._folder = folder

    def keep(self, made_by: Sequence[str], made: Path) -> None:
        """Keep the files of a folder under the words of the command that made them. Safe to repeat."""
        if self._folder is None:
            return
        place = _place_of(self._folder, made_by)
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            part = Path(tempfile.mkdtemp(dir=self._folder, prefix=_UNDER_WAY))
            try:
                files = _link_all(made, part)
                digests = {path.name: _written_through(path).hex for path in files}
                (part / _DIGESTS).write_text(json.dumps(digests, sort_keys=True))
                _written_through(part / _DIGESTS)
                _sync(part)
                part.rename(place)
                _sync(self._folder)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        except OSError as exc:
            # Another process was faster or has finished, or the disk is full.
            log.info("part_not_kept", because=type(exc).__name__, said=exc.strerror)

    def take(self, made_by: Sequence[str], into: Path) -> bool:
        """Have the files of a part that is done in a folder, which is made; nothing where there is no whole one."""
        if self._folder is None or not (place := _place_of(self._folder, made_by)).is_dir():
            return False
        try:
            into.mkdir(parents=True, mode=0o700)
            digests = json.loads((place / _DIGESTS).read_bytes())
            files = {path.name: path for path in _link_all(place, into)}
            files.pop(_DIGESTS).unlink()
            if digests == {name: _digest(path).hex for name, path in files.items()}:
                return True
            log.warning("kept_part_altered", part=place.name)
        except (OSError, ValueError, KeyError) as exc:
            log.warning("kept_part_unusable", part=place.name, because=type(exc).__name__)
        # Before anything is written there: what is linked is another's file as well.
        shutil.rmtree(into, ignore_errors=True)
        shutil.rmtree(place, ignore_errors=True)
        return False

    def clear(self) -> None:
        """Remove them all. Safe to repeat, and while others work with them."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _place_of(folder: Path, made_by: Sequence[str]) -> Path:
    return folder / Sha256.of("\0".join(made_by).encode()).hex


def _link_all(source: Path, target: Path) -> list[Path]:
    linked = []
    for path in sorted(source.iterdir()):
        if path.is_symlink() or not path.is_file():
            raise FileNotFoundError(None, f"expected files alone, found {path.name}")
        os.link(path, target / path.name)
        linked.append(target / path.name)
    return linked


def _digest(path: Path) -> Sha256:
    with path.open("rb") as stream:
        return Sha256.of_stream(stream)


def _written_through(path: Path) -> Sha256:
    with path.open("rb") as stream:
        os.fsync(stream.fileno())
        return Sha256.of_stream(stream)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
