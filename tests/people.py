"""Builds people who label, and clips that are softened for them; as `tests.builders` does."""

from dataclasses import replace
from typing import Any

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import ClipRendition
from pipeline.records.people import Person
from pipeline.records.softened import SoftenedClip
from tests.builders import NOON, TOOL, a_location


def a_person(number: int = 1, **instead: Any) -> Person:
    whole = Person(f"annotator-{number:016x}", "annotator", number, NOON)
    return replace(whole, **instead)


def a_softened_clip(made: ClipRendition, **instead: Any) -> SoftenedClip:
    digest = Sha256.of(made.digest.raw)
    whole = SoftenedClip(made.clip_id, made.digest, digest, a_location(digest.hex, bucket="working"), 100, TOOL, NOON)
    return replace(whole, **instead)
