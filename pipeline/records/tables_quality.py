"""What the rows about the quality of clips are. Rows never leave this folder; the rules of `tables` hold here too."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import Row


class ClipQualityRow(Row):
    """How good the picture and sound of a clip are, as one version of the rule judged them."""

    __tablename__ = "clip_qualities"
    __table_args__ = (CheckConstraint("rule_version >= 1", name="rule_version_positive"),)
    # Of a clip that is cut, or is about to be: clips are judged before.
    clip_id: Mapped[UUID] = mapped_column(primary_key=True)
    rendition_id: Mapped[UUID] = mapped_column(ForeignKey("renditions.rendition_id"), primary_key=True)
    rule_version: Mapped[int] = mapped_column(primary_key=True)
    quality: Mapped[dict[str, Any]]
    marks: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    reasons: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    assessed_at: Mapped[datetime]
