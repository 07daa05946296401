"""What does one original say of itself, beside what it shows?

Facts travel as JSON with the number of their form (`SCHEMA`), so that what an older Firsthand wrote can be read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal, Self

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.still import CameraNames, StillFacts
from pipeline.domain.track import TrackFacts

OriginalKind = Literal["video", "still", "track", "other"]

SCHEMA = 2
"""Form 1 did not listen for a silent head."""


@dataclass(frozen=True, slots=True)
class OriginalFacts:
    """What parsers found; each part is `None` where there was nothing of its kind."""

    still: StillFacts | None = None
    telemetry: TrackFacts | None = None
    """Inside a video."""
    track: TrackFacts | None = None
    """A file of its own."""
    silent_head_s: Fraction | None = None
    """Of a video with sound: seconds from its first frame without anything to hear, as in a pre-event buffer."""
    problem: str | None = None
    """Why a part of it could not be read; the bytes are kept all the same."""

    @property
    def camera(self) -> CameraNames:
        """What the camera calls itself."""
        found = self.still or self.telemetry or self.track
        return found.camera if found else CameraNames()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types; fractions as "num/den"."""
        return {"schema": SCHEMA, **to_plain(self)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """The facts that `to_json` wrote, now or in an older form.

        Raises:
            ValueError: it is something else, or of a newer form than this code knows.
        """
        said = dict(data)
        schema = said.pop("schema", None)
        if schema == 1:
            said.setdefault("silent_head_s", None)
        elif schema != SCHEMA:
            raise ValueError(
                f"OriginalFacts: expected a schema up to {SCHEMA}, found {schema!r:.40}: Firsthand is older"
            )
        return from_plain(cls, said)


@dataclass(frozen=True, slots=True)
class StoredSeries:
    """Every sample of an original's telemetry, as a file in the store."""

    original: Sha256
    tool_identity: str
    digest: Sha256
    at: Location
    size_bytes: int


@dataclass(frozen=True, slots=True)
class DescribedOriginal:
    """The facts of an original, with what read them and when."""

    digest: Sha256
    kind: OriginalKind
    tool_identity: str
    facts: OriginalFacts
    described_at: datetime
