"""Facts of originals and the clocks of originals and uploads: add them, get them.

Every `add_*` answers whether anything is new; adding what is there changes nothing.
"""

from collections.abc import Iterable
from fractions import Fraction
from typing import cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.clock import ClockReading, ClockSource
from pipeline.domain.clock_claim import Clock
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import UploadId, derive
from pipeline.domain.original_facts import DescribedOriginal, OriginalFacts, OriginalKind, StoredSeries
from pipeline.records.footage import insert_new
from pipeline.records.tables import RecordingOriginalRow, UploadContentRow, UploadRow
from pipeline.records.tables_facts import ClockReadingRow, OriginalFactsRow, OriginalSeriesRow

_READ_AS: dict[str, OriginalKind] = {
    "still": "still",
    "thumbnail": "still",
    "proxy": "video",
    "track": "track",
    "subtitles": "track",
}
"""What each kind of companion is listened to as; of a manifest there is nothing to hear."""


def add_facts(session: Session, described: DescribedOriginal) -> bool:
    """Record what an original says of itself."""
    return insert_new(
        session,
        OriginalFactsRow,
        digest=described.digest.hex,
        tool_identity=described.tool_identity,
        kind=described.kind,
        facts=described.facts.to_json(),
        described_at=described.described_at,
    )


def find_facts(session: Session, digest: Sha256) -> DescribedOriginal | None:
    """The newest facts of an original; `None` before it was described."""
    row = session.scalar(
        sa.select(OriginalFactsRow)
        .where(OriginalFactsRow.digest == digest.hex)
        .order_by(OriginalFactsRow.described_at.desc(), OriginalFactsRow.tool_identity)
        .limit(1)
    )
    if row is None:
        return None
    return DescribedOriginal(
        digest=Sha256(row.digest),
        kind=cast("OriginalKind", row.kind),
        tool_identity=row.tool_identity,
        facts=OriginalFacts.from_json(row.facts),
        described_at=row.described_at,
    )


def add_series(session: Session, series: StoredSeries) -> bool:
    """Record where every sample of an original's telemetry lies; the facts of the same tools are there before."""
    return insert_new(
        session,
        OriginalSeriesRow,
        digest=series.original.hex,
        tool_identity=series.tool_identity,
        series_digest=series.digest.hex,
        bucket=series.at.bucket,
        key=series.at.key,
        version_id=series.at.version_id,
        size_bytes=series.size_bytes,
    )


def find_series(session: Session, digest: Sha256) -> StoredSeries | None:
    """The samples that belong to the newest facts of an original; `None` where it has no telemetry."""
    described = find_facts(session, digest)
    row = described and session.get(OriginalSeriesRow, (digest.hex, described.tool_identity))
    return _series(row) if row else None


def all_series(session: Session) -> list[StoredSeries]:
    """The samples of every original, by all tools."""
    order = (OriginalSeriesRow.digest, OriginalSeriesRow.tool_identity)
    return [_series(row) for row in session.scalars(sa.select(OriginalSeriesRow).order_by(*order))]


def _series(row: OriginalSeriesRow) -> StoredSeries:
    at = Location(row.bucket, row.key, row.version_id)
    return StoredSeries(Sha256(row.digest), row.tool_identity, Sha256(row.series_digest), at, row.size_bytes)


def companions_undescribed(session: Session) -> list[tuple[Sha256, OriginalKind]]:
    """Preserved companions that have no facts yet and may have some, each with what it is read as."""
    rows = session.execute(
        sa.select(UploadContentRow.digest, sa.func.min(UploadRow.companion_kind))
        .join(UploadRow, UploadRow.upload_id == UploadContentRow.upload_id)
        .where(UploadRow.companion_kind.in_(_READ_AS))
        .where(UploadContentRow.digest.not_in(sa.select(OriginalFactsRow.digest)))
        # What was footage in another upload is described as footage.
        .where(UploadContentRow.digest.not_in(sa.select(RecordingOriginalRow.digest)))
        .group_by(UploadContentRow.digest)
        .order_by(UploadContentRow.digest)
    )
    return [(Sha256(digest), _READ_AS[kind]) for digest, kind in rows if kind is not None]


def add_clocks(session: Session, of: Sha256 | UploadId, clocks: Iterable[Clock]) -> int:
    """Record what clocks said of an original or an upload; how many of them are new."""
    return sum(insert_new(session, ClockReadingRow, **_values(of, clock)) for clock in clocks)


def clocks_of(session: Session, of: Sha256 | UploadId) -> list[Clock]:
    """What clocks said of an original or an upload, in a steady order."""
    column = ClockReadingRow.digest if isinstance(of, Sha256) else ClockReadingRow.upload_id
    rows = session.scalars(
        sa.select(ClockReadingRow)
        .where(column == (of.hex if isinstance(of, Sha256) else of))
        .order_by(ClockReadingRow.source, ClockReadingRow.place, ClockReadingRow.instant, ClockReadingRow.reading_id)
    )
    return [_clock(row) for row in rows]


def _values(of: Sha256 | UploadId, clock: Clock) -> dict[str, object]:
    reading = clock.reading
    position_s, slack_s = (reading.position_s, reading.slack_s) if reading else (Fraction(0), Fraction(0))
    # A microsecond is finer than any clock here, and always fits the columns.
    position_s, slack_s = (value.limit_denominator(1_000_000) for value in (position_s, slack_s))
    return {
        "reading_id": derive("clock-reading", of, clock.source, clock.place, clock.text, position_s),
        "digest": of.hex if isinstance(of, Sha256) else None,
        "upload_id": None if isinstance(of, Sha256) else of,
        "source": clock.source,
        "place": clock.place,
        "text": clock.text,
        "instant": reading.at if reading else None,
        "position_num": position_s.numerator,
        "position_den": position_s.denominator,
        "slack_num": slack_s.numerator,
        "slack_den": slack_s.denominator,
        "has_fix": reading.has_fix if reading else False,
        "is_zone_known": reading.is_zone_known if reading else False,
    }


def _clock(row: ClockReadingRow) -> Clock:
    source = cast("ClockSource", row.source)
    reading = None
    if row.instant is not None:
        reading = ClockReading(
            source,
            row.instant,
            Fraction(row.position_num, row.position_den),
            has_fix=row.has_fix,
            is_zone_known=row.is_zone_known,
            slack_s=Fraction(row.slack_num, row.slack_den),
        )
    return Clock(source, row.place, row.text, reading)
