"""Where is a program of the base system?"""

import shutil
from pathlib import Path

from pipeline.errors import SettingsError


def find_program(name: str) -> str:
    """Where a program is.

    Raises:
        SettingsError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise SettingsError(f"the program {name} was not found on PATH; install the packages ffmpeg and util-linux")
    return str(Path(found).resolve())
