"""What does a photograph say, in EXIF and in XMP? Run within the walls: the bytes are untrusted.

EXIF is what the camera wrote; XMP may be an editor's. So where both name the camera, the orientation or the place, EXIF
counts; of clocks, all are kept.
"""

from collections.abc import Mapping
from typing import Any

from pipeline.adapters.facts.answer import beginning
from pipeline.adapters.facts.exif import SIZE_MAX_BYTES, still_facts
from pipeline.adapters.facts.xmp import xmp_facts
from pipeline.domain.plain import to_plain
from pipeline.domain.still import StillFacts
from pipeline.errors import RejectedInputError


def parse(files: Mapping[str, str], options: Mapping[str, Any]) -> Any:  # noqa: ARG001  # the sandbox calls it so
    """For each file its facts as plain JSON values, and the reason why some or all of them are lacking."""
    return {name: answer(beginning(path, SIZE_MAX_BYTES)) for name, path in files.items()}


def answer(data: bytes) -> dict[str, Any]:
    """`{"facts": …}`, `{"problem": "…"}`, or both where one of the two can be read and the other not."""
    problems: list[str] = []
    parts: list[StillFacts] = []
    for read in (still_facts, xmp_facts):
        try:
            found = read(data)
        except RejectedInputError as refused:
            problems.append(str(refused))
        else:
            if found is not None:
                parts.append(found)
    facts = {"facts": to_plain(parts[0].completed_by(*parts[1:]))} if parts else {}
    return facts | ({"problem": "; ".join(problems)} if problems else {})
