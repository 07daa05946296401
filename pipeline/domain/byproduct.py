"""What comes out of rendering a recording beside its rendition?

Everything that needs every frame or all of the sound is made while they are decoded anyway: nothing else reads the
original again. A by-product belongs to a rendition, because what made the one made the other.
"""

from dataclasses import dataclass
from enum import StrEnum

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import RenditionId


class ByproductKind(StrEnum):
    """What a by-product is."""

    SOUND = "sound"
    """WAV: one channel of 16-bit samples, 16,000 a second, from the recording's time zero to the end of its picture."""
    THUMBNAILS = "thumbnails"
    """JPEG: up to a hundred small pictures, ten a row, one for each `THUMBNAIL_EVERY_S`; `ordinal` counts sheets."""
    CONTACT_SHEET = "contact_sheet"
    """JPEG: the whole recording at a glance."""
    MEASURES = "measures"
    """JSON: what was measured on the small picture and the sound (`measures`)."""


@dataclass(frozen=True, slots=True)
class Byproduct:
    """One stored by-product."""

    rendition_id: RenditionId
    kind: ByproductKind
    ordinal: int
    """Counted from 0 within its kind."""
    digest: Sha256
    at: Location
    size_bytes: int
