"""By-products of renditions: add them, find them.

Every `add_*` answers whether it is new; adding what is there changes nothing.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.byproduct import Byproduct, ByproductKind
from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import RenditionId
from pipeline.records.footage import insert_new
from pipeline.records.tables_byproducts import ByproductRow


def add_byproduct(session: Session, made: Byproduct) -> bool:
    """Record one by-product of a rendition."""
    return insert_new(
        session,
        ByproductRow,
        rendition_id=made.rendition_id,
        kind=made.kind.value,
        ordinal=made.ordinal,
        digest=made.digest.hex,
        bucket=made.at.bucket,
        key=made.at.key,
        version_id=made.at.version_id,
        size_bytes=made.size_bytes,
    )


def find_byproduct(
    session: Session, rendition_id: RenditionId, kind: ByproductKind, ordinal: int = 0
) -> Byproduct | None:
    """One by-product of a rendition; `None` where there is none, as of renditions that an older Firsthand made."""
    row = session.get(ByproductRow, (rendition_id, kind.value, ordinal))
    return _byproduct(row) if row else None


def byproducts_of(session: Session, rendition_id: RenditionId) -> list[Byproduct]:
    """Everything that came out beside a rendition, by kind and number."""
    return _all(session, ByproductRow.rendition_id == rendition_id)


def all_byproducts(session: Session) -> list[Byproduct]:
    """Every by-product of every rendition."""
    return _all(session, sa.true())


def _all(session: Session, condition: sa.ColumnElement[bool]) -> list[Byproduct]:
    order = (ByproductRow.rendition_id, ByproductRow.kind, ByproductRow.ordinal)
    return [_byproduct(row) for row in session.scalars(sa.select(ByproductRow).where(condition).order_by(*order))]


def _byproduct(row: ByproductRow) -> Byproduct:
    return Byproduct(
        rendition_id=RenditionId(row.rendition_id),
        kind=ByproductKind(row.kind),
        ordinal=row.ordinal,
        digest=Sha256(row.digest),
        at=Location(row.bucket, row.key, row.version_id),
        size_bytes=row.size_bytes,
    )
