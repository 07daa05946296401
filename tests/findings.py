"""Builds what was found in Label Studio, valid by default."""

from dataclasses import replace
from typing import Any

from pipeline.domain.footage import Clip
from pipeline.records.findings import Finding, FindingKind
from tests.builders import NOON, TAXONOMY, a_clip


def a_finding(clip: Clip | None = None, **instead: Any) -> Finding:
    found = Finding(TAXONOMY, 1, FindingKind.TASK_DELETED, "task 1 was deleted", NOON, 1, (clip or a_clip()).clip_id)
    return replace(found, **instead)
