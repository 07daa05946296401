"""Encodings of clips: add one, find one, and what a release holds of each clip.

Every `add_*` answers whether the row is new; adding what is there changes nothing.
"""

from dataclasses import dataclass
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import Encoding
from pipeline.domain.footage import Location
from pipeline.domain.ids import ClipId, EncodingId, RecordingId, ReleaseId
from pipeline.domain.plain import from_plain, to_plain
from pipeline.domain.recipe import VIEWING
from pipeline.domain.transform import Transform
from pipeline.errors import UsageError
from pipeline.records import clips, releases
from pipeline.records.footage import insert_new
from pipeline.records.tables import ClipRow, ReleaseClipRow
from pipeline.records.tables_encodings import EncodingRow, ReleaseEncodingRow


@dataclass(frozen=True, slots=True)
class HeldEncoding:
    """What a release holds of a clip where a recipe was asked for."""

    clip_id: ClipId
    asked: str
    encoding_id: EncodingId
    because: str | None
    """Why it was made by another recipe than was asked for; `None` where it was not."""


@dataclass(frozen=True, slots=True)
class HeldBytes:
    """One object that a release holds."""

    digest: Sha256
    at: Location
    """In the working bucket."""
    size_bytes: int


def add_encoding(session: Session, made: Encoding) -> bool:
    """Record what was made of a clip; whether it is new."""
    return insert_new(
        session,
        EncodingRow,
        encoding_id=made.encoding_id,
        clip_id=made.clip_id,
        recipe_name=made.recipe_name,
        recipe_version=made.recipe_version,
        recipe_digest=made.recipe_digest.hex,
        tool_identity=made.tool_identity,
        inputs=[digest.hex for digest in made.inputs],
        digest=made.digest.hex,
        bucket=made.at.bucket,
        key=made.at.key,
        version_id=made.at.version_id,
        size_bytes=made.size_bytes,
        frame_count=made.frame_count,
        frame_rate_num=made.frame_rate.numerator,
        frame_rate_den=made.frame_rate.denominator,
        width_px=made.width_px,
        height_px=made.height_px,
        video_codec=made.video_codec,
        audio_codec=made.audio_codec,
        transform=to_plain(made.transform),
        encoded_at=made.encoded_at,
    )


def find_encoding(session: Session, encoding_id: EncodingId) -> Encoding | None:
    """One encoding; `None` where it was not made."""
    row = session.get(EncodingRow, encoding_id)
    return _encoding(row) if row else None


def get_encoding(session: Session, encoding_id: EncodingId) -> Encoding:
    """One encoding.

    Raises:
        UsageError: there is no encoding of this id.
    """
    found = find_encoding(session, encoding_id)
    if found is None:
        raise UsageError(f"no encoding {encoding_id}")
    return found


def encodings_of(session: Session, clip_id: ClipId) -> list[Encoding]:
    """Everything that was made of a clip, oldest first."""
    query = sa.select(EncodingRow).where(EncodingRow.clip_id == clip_id)
    return [_encoding(row) for row in session.scalars(query.order_by(EncodingRow.encoded_at, EncodingRow.encoding_id))]


def all_encodings(session: Session) -> list[Encoding]:
    """Every encoding of every clip."""
    return [_encoding(row) for row in session.scalars(sa.select(EncodingRow).order_by(EncodingRow.encoding_id))]


def hold(session: Session, release_id: ReleaseId, held: HeldEncoding) -> bool:
    """Record what a release holds of a clip; whether that is new. What was recorded first stays."""
    return insert_new(
        session,
        ReleaseEncodingRow,
        release_id=release_id,
        clip_id=held.clip_id,
        asked=held.asked,
        encoding_id=held.encoding_id,
        because=held.because,
    )


def held_by(session: Session, release_id: ReleaseId) -> list[HeldEncoding]:
    """What a release holds so far, in the order of clips."""
    rows = session.scalars(
        sa.select(ReleaseEncodingRow)
        .where(ReleaseEncodingRow.release_id == release_id)
        .order_by(ReleaseEncodingRow.clip_id, ReleaseEncodingRow.asked)
    )
    return [HeldEncoding(ClipId(row.clip_id), row.asked, EncodingId(row.encoding_id), row.because) for row in rows]


def left_to_encode(session: Session, release_id: ReleaseId) -> dict[RecordingId, list[ClipId]]:
    """Clips of a release of which it does not hold everything that it was drafted to hold, by recording."""
    asked = {recipe.name for recipe in releases.get_draft(session, release_id).recipes} - {VIEWING.name}
    held: dict[ClipId, set[str]] = {}
    for one in held_by(session, release_id):
        held.setdefault(one.clip_id, set()).add(one.asked)
    rows = session.execute(
        sa.select(ClipRow.clip_id, ClipRow.recording_id)
        .join(ReleaseClipRow, ReleaseClipRow.clip_id == ClipRow.clip_id)
        .where(ReleaseClipRow.release_id == release_id)
        .order_by(ClipRow.recording_id, ClipRow.ordinal, ClipRow.clip_id)
    )
    found: dict[RecordingId, list[ClipId]] = {}
    for clip_id, recording_id in rows:
        if not asked <= held.get(ClipId(clip_id), set()):
            found.setdefault(RecordingId(recording_id), []).append(ClipId(clip_id))
    return found


def bytes_of(session: Session, release_id: ReleaseId) -> list[HeldBytes]:
    """The objects that a release holds, each once, in the order of their digests."""
    found: dict[Sha256, HeldBytes] = {}
    if any(recipe.name == VIEWING.name for recipe in releases.get_draft(session, release_id).recipes):
        for member in releases.members_of(session, release_id):
            made = clips.clip_rendition(session, member.clip_id, member.rendition_id)
            found[made.digest] = HeldBytes(made.digest, made.at, made.size_bytes)
    for held in held_by(session, release_id):
        encoding = get_encoding(session, held.encoding_id)
        found[encoding.digest] = HeldBytes(encoding.digest, encoding.at, encoding.size_bytes)
    return [found[digest] for digest in sorted(found)]


def _encoding(row: EncodingRow) -> Encoding:
    return Encoding(
        encoding_id=EncodingId(row.encoding_id),
        clip_id=ClipId(row.clip_id),
        recipe_name=row.recipe_name,
        recipe_version=row.recipe_version,
        recipe_digest=Sha256(row.recipe_digest),
        tool_identity=row.tool_identity,
        inputs=tuple(Sha256(digest) for digest in row.inputs),
        digest=Sha256(row.digest),
        at=Location(row.bucket, row.key, row.version_id),
        size_bytes=row.size_bytes,
        frame_count=row.frame_count,
        frame_rate=Fraction(row.frame_rate_num, row.frame_rate_den),
        width_px=row.width_px,
        height_px=row.height_px,
        video_codec=row.video_codec,
        audio_codec=row.audio_codec,
        transform=from_plain(Transform, row.transform),
        encoded_at=row.encoded_at,
    )
