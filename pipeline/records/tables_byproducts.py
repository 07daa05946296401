"""What the rows about by-products of rendering are. Rows never leave this folder; the rules of `tables` hold here."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row

BYPRODUCT_KINDS = "('sound', 'thumbnails', 'contact_sheet', 'measures')"


class ByproductRow(Row):
    """What came out of rendering beside the rendition."""

    __tablename__ = "byproducts"
    __table_args__ = (
        UniqueConstraint("bucket", "key", "version_id"),
        CheckConstraint(f"kind IN {BYPRODUCT_KINDS}", name="kind_known"),
        CheckConstraint("ordinal >= 0", name="ordinal_not_negative"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("size_bytes > 0", name="not_empty"),
    )
    rendition_id: Mapped[UUID] = mapped_column(ForeignKey("renditions.rendition_id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
