"""What the rows about objects that are still arriving are. Rows never leave this folder; the rules of `tables` hold."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import Row


class SightingRow(Row):
    """An object of a source that a look saw, when it first had this size and ETag."""

    __tablename__ = "sightings"
    __table_args__ = (CheckConstraint("size_bytes >= 0", name="size_not_negative"),)
    bucket: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    etag: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first_seen_at: Mapped[datetime]
