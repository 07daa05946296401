"""Which files belong to footage without being footage, and which belong together?

Cameras and exports put small files beside a video: a still, a thumbnail, a low-resolution proxy, a track, subtitles, a
manifest. They are evidence like the video: kept byte-exact, and never made into a recording of their own. One whose
video never came is kept all the same.

What belongs together is told by names alone: cameras give a video and its companions the same base name. A base name
may hold what a person typed, so records keep only what is derived from it (`name_group`).
"""

import re
from collections.abc import Sequence
from typing import Final, Literal, cast, get_args
from uuid import UUID

from pipeline.domain.ids import CameraSerial, ExerciseId, derive

CompanionKind = Literal["still", "thumbnail", "proxy", "track", "subtitles", "manifest"]

COMPANION_KINDS: Final[tuple[str, ...]] = get_args(CompanionKind)

_DCF_FOLDER = re.compile(r"[1-9]\d\d[A-Za-z0-9_]{5}", re.ASCII)
"""A folder as cameras make them below DCIM: CIPA DC-009 (DCF 2.0), 3.2.1."""


def companion_kind(text: str) -> CompanionKind | None:
    """The kind of companion that a sender named; `None` when it is none that we know."""
    return cast("CompanionKind", text) if text in COMPANION_KINDS else None


def dcf_folder(folders: Sequence[str]) -> str:
    """The innermost folder that a camera made, in capitals, or nothing.

    Counters begin again in a new folder of a card, so DJI_0001 of `100MEDIA` and of `101MEDIA` are two recordings.
    Other folders do not tell files apart: some cameras keep proxies and thumbnails in folders of their own.
    """
    return next((name.upper() for name in reversed(folders) if _DCF_FOLDER.fullmatch(name)), "")


def name_group(exercise: ExerciseId | None, camera: CameraSerial, folder: str, base: str) -> UUID:
    """What a file and its companions have in common, within one exercise and camera.

    Args:
        exercise: the exercise that was filmed; `None` where the sender does not know it.
        camera: the camera that made the files.
        folder: as `dcf_folder` gives it.
        base: the base name, in capitals: FAT does not tell upper from lower case.
    """
    return derive("name-group", exercise or "", camera, folder, base)
