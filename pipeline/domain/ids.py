"""What names a thing, so that doing the work twice names it the same?

Every id is a UUID version 5 over what made the thing: the same upload, recording or clip gets the same id on every
machine and in every run. That is what makes steps safe to repeat.
"""

import uuid
from typing import NewType
from uuid import UUID

UploadId = NewType("UploadId", UUID)
RecordingId = NewType("RecordingId", UUID)
RenditionId = NewType("RenditionId", UUID)
ClipId = NewType("ClipId", UUID)
AnnotationId = NewType("AnnotationId", UUID)
EncodingId = NewType("EncodingId", UUID)
ReleaseId = NewType("ReleaseId", UUID)
ExerciseId = NewType("ExerciseId", str)
CameraSerial = NewType("CameraSerial", str)

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "https://firsthand.invalid/ids/v1")


def derive(kind: str, *parts: object) -> UUID:
    """The id of the one thing of this kind that these parts made.

    Parts are joined by a character that none of them may hold, so that ("ab", "c") and ("a", "bc") differ.
    """
    texts = [str(part) for part in parts]
    if any("\x1f" in text for text in texts):
        raise ValueError(f"a part of a {kind} id holds the unit separator")
    return uuid.uuid5(_NAMESPACE, "\x1f".join([kind, *texts]))
