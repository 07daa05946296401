"""What the rows about encodings of clips are, and which of them a release holds. Rows never leave this folder; the
rules of `tables` hold here.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, TEXT
from sqlalchemy.orm import Mapped, mapped_column

from pipeline.records.tables import HEX64, Row


class EncodingRow(Row):
    """The bytes that a recipe made of one clip, straight from originals or from another encoding of the clip."""

    __tablename__ = "clip_encodings"
    __table_args__ = (
        UniqueConstraint("clip_id", "recipe_digest", "inputs", "tool_identity"),
        CheckConstraint(f"recipe_digest {HEX64}", name="recipe_digest_shape"),
        CheckConstraint(f"digest {HEX64}", name="digest_shape"),
        CheckConstraint("cardinality(inputs) > 0", name="made_of_something"),
        CheckConstraint("size_bytes > 0 AND frame_count > 0 AND width_px > 0 AND height_px > 0", name="not_empty"),
        CheckConstraint("frame_rate_num > 0 AND frame_rate_den > 0", name="frame_rate_positive"),
    )
    encoding_id: Mapped[UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(ForeignKey("clips.clip_id"), index=True)
    recipe_name: Mapped[str]
    recipe_version: Mapped[int]
    recipe_digest: Mapped[str]
    tool_identity: Mapped[str]
    inputs: Mapped[list[str]] = mapped_column(ARRAY(TEXT))
    digest: Mapped[str]
    bucket: Mapped[str]
    key: Mapped[str]
    version_id: Mapped[str]
    size_bytes: Mapped[int]
    frame_count: Mapped[int]
    frame_rate_num: Mapped[int]
    frame_rate_den: Mapped[int]
    width_px: Mapped[int]
    height_px: Mapped[int]
    video_codec: Mapped[str]
    audio_codec: Mapped[str | None]
    transform: Mapped[dict[str, Any]]
    encoded_at: Mapped[datetime]


class ReleaseRecipeRow(Row):
    """What a release was drafted to hold of each clip; the first is the clip's own.

    Without any, an older Firsthand drafted the release, and it holds what people looked at.
    """

    __tablename__ = "release_recipes"
    __table_args__ = (
        UniqueConstraint("release_id", "recipe_name"),
        CheckConstraint("ordinal >= 0", name="ordinal_not_negative"),
        CheckConstraint(f"recipe_digest {HEX64}", name="recipe_digest_shape"),
    )
    release_id: Mapped[UUID] = mapped_column(ForeignKey("releases.release_id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    recipe_name: Mapped[str]
    recipe_digest: Mapped[str]


class ReleaseEncodingRow(Row):
    """What a release holds of a clip where a recipe was asked for, and why it is another one, where it is."""

    __tablename__ = "release_encodings"
    __table_args__ = (
        ForeignKeyConstraint(["release_id", "clip_id"], ["release_clips.release_id", "release_clips.clip_id"]),
        ForeignKeyConstraint(["release_id", "asked"], ["release_recipes.release_id", "release_recipes.recipe_name"]),
    )
    release_id: Mapped[UUID] = mapped_column(primary_key=True)
    clip_id: Mapped[UUID] = mapped_column(primary_key=True)
    asked: Mapped[str] = mapped_column(primary_key=True)
    encoding_id: Mapped[UUID] = mapped_column(ForeignKey("clip_encodings.encoding_id"))
    because: Mapped[str | None]
