"""Which ffmpeg is this, so that what it made can be told from what another one would make?

Its version alone is not enough: distributions patch the codecs' libraries without a new version of the program, and
the program itself is small. So the identity is a digest over the program and every codec library it loads.
"""

import re
import subprocess
from pathlib import Path

from pipeline.domain.digest import Sha256
from pipeline.errors import MediaToolError, SettingsError

_LIBRARY = re.compile(r"^\s*lib(?:av|sw|postproc|x264)\S* => (\S+)", re.MULTILINE)
"""The libraries that decide about bytes: ffmpeg's own and the H.264 encoder."""

_VERSION = re.compile(r"ffmpeg version (\S+)")
_TIMEOUT_S = 30


def identify(program: str) -> str:
    """Version and digest of this ffmpeg, for example `ffmpeg 5.1.9-0+deb12u1 sha256:…`.

    Raises:
        SettingsError: it does not start.
        MediaToolError: it was stopped from outside.
    """
    said = _output_of([program, "-version"])
    version = _VERSION.match(said)
    if version is None:
        raise SettingsError(f"expected ffmpeg's version from {program}, found {said[:80]!r}")
    parts = [Path(program), *sorted(Path(found) for found in _LIBRARY.findall(_output_of(["ldd", program])))]
    digests = [_digest(part).hex for part in parts]
    return f"ffmpeg {version[1]} sha256:{Sha256.of(chr(10).join(digests).encode())}"


def _output_of(argv: list[str]) -> str:
    """What a program of the system says; nothing where it is not there or not willing (`ldd` and a static ffmpeg)."""
    try:
        ended = subprocess.run(
            argv, check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    if ended.returncode < 0:
        # Taken for an answer, half of it would name another ffmpeg.
        raise MediaToolError(f"{argv[0]} was stopped by signal {-ended.returncode} while it told its version")
    return ended.stdout


def _digest(path: Path) -> Sha256:
    with path.open("rb") as stream:
        return Sha256.of_stream(stream)
