"""Since which version is a clip in this dataset, and since which is it as it is now?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from pipeline.domain.ids import AnnotationId, ClipId, EncodingId, RenditionId
from pipeline.domain.version import Version


@dataclass(frozen=True, slots=True)
class Content:
    """What a release says of one clip: its bytes and its answers."""

    rendition_id: RenditionId
    annotation_ids: tuple[AnnotationId, ...]
    encoding_ids: tuple[EncodingId, ...] = ()
    """What it holds beside or instead of the rendition."""


@dataclass(frozen=True, slots=True)
class History:
    """Since when."""

    added_in: Version
    changed_in: Version


def history_of(
    clip_id: ClipId, now: Content, version: Version, earlier: Iterable[tuple[Version, Mapping[ClipId, Content]]]
) -> History:
    """The history of a clip in one dataset, seen from one of its versions.

    Args:
        clip_id: the clip.
        now: what this version says of it.
        version: this version.
        earlier: what the versions of the same dataset say; those that are not lower than this one do not count.
    """
    steps = sorted(
        ((number, contents[clip_id]) for number, contents in earlier if number < version and clip_id in contents),
        key=lambda step: step[0],
    )
    steps.append((version, now))
    added_in = changed_in = steps[0][0]
    for (_, before), (number, after) in pairwise(steps):
        if after != before:
            changed_in = number
    return History(added_in, changed_in)
