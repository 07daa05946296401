"""What is a release: its manifest, the rows of its tables, and which clips may enter it?"""

from pipeline.domain.release.eligibility import (
    Candidate,
    Refusal,
    RefusalReason,
    Selection,
    refusals_of,
    select_clips,
)
from pipeline.domain.release.manifest import SCHEMA_VERSION, FileRole, Manifest, ReleaseFile, TaxonomyRef
from pipeline.domain.release.rows import (
    LabelSource,
    LabelState,
    ReleaseBlob,
    ReleaseChoice,
    ReleaseClip,
    ReleaseSegment,
    ReleaseVariant,
    group_id,
    microseconds,
    source_id,
)

__all__ = [
    "SCHEMA_VERSION",
    "Candidate",
    "FileRole",
    "LabelSource",
    "LabelState",
    "Manifest",
    "Refusal",
    "RefusalReason",
    "ReleaseBlob",
    "ReleaseChoice",
    "ReleaseClip",
    "ReleaseFile",
    "ReleaseSegment",
    "ReleaseVariant",
    "Selection",
    "TaxonomyRef",
    "group_id",
    "microseconds",
    "refusals_of",
    "select_clips",
    "source_id",
]
