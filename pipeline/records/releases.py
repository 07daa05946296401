"""Releases: drafted with their members, sealed with their manifest, published. Each is a row of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Location
from pipeline.domain.ids import AnnotationId, ClipId, ReleaseId, RenditionId
from pipeline.domain.recipe import VIEWING
from pipeline.errors import UsageError
from pipeline.records.footage import insert_new
from pipeline.records.tables import (
    ReleaseClipRow,
    ReleasePublicationRow,
    ReleaseRefusalRow,
    ReleaseRow,
    ReleaseSealRow,
)
from pipeline.records.tables_encodings import ReleaseRecipeRow


@dataclass(frozen=True, slots=True)
class Member:
    """A clip in a release: its bytes, and the answers that were newest when it was chosen."""

    clip_id: ClipId
    rendition_id: RenditionId
    annotation_ids: tuple[AnnotationId, ...]


@dataclass(frozen=True, slots=True)
class AskedRecipe:
    """What a release is to hold of each clip, as the recipe was when it was drafted."""

    name: str
    digest: Sha256


WHAT_PEOPLE_SAW = (AskedRecipe(VIEWING.name, VIEWING.digest),)
"""What a release holds that an older Firsthand drafted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A release whose members are fixed."""

    release_id: ReleaseId
    name: str
    version: str
    taxonomy_digest: Sha256
    annotators_min: int
    drafted_at: datetime
    recipes: tuple[AskedRecipe, ...] = WHAT_PEOPLE_SAW
    """In order: the first is the clip's own, the others are its variants."""


@dataclass(frozen=True, slots=True)
class Seal:
    """The manifest that a release is from now on."""

    manifest_digest: Sha256
    manifest: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True)
class Publication:
    """Where and since when partners can read a release."""

    at: Location
    """The manifest."""
    published_at: datetime


def add_draft(
    session: Session, draft: Draft, members: Sequence[Member], refusals: Sequence[tuple[ClipId, str]]
) -> bool:
    """Record a release with its members and refusals; whether it is new. An existing one stays as it is."""
    if not insert_new(
        session,
        ReleaseRow,
        release_id=draft.release_id,
        name=draft.name,
        version=draft.version,
        taxonomy_digest=draft.taxonomy_digest.hex,
        annotators_min=draft.annotators_min,
        drafted_at=draft.drafted_at,
    ):
        return False
    for ordinal, recipe in enumerate(draft.recipes):
        insert_new(
            session,
            ReleaseRecipeRow,
            release_id=draft.release_id,
            ordinal=ordinal,
            recipe_name=recipe.name,
            recipe_digest=recipe.digest.hex,
        )
    for member in members:
        insert_new(
            session,
            ReleaseClipRow,
            release_id=draft.release_id,
            clip_id=member.clip_id,
            rendition_id=member.rendition_id,
            annotation_ids=list(member.annotation_ids),
        )
    for clip_id, reason in refusals:
        insert_new(session, ReleaseRefusalRow, release_id=draft.release_id, clip_id=clip_id, reason=reason)
    return True


def find_draft(session: Session, name: str, version: str) -> Draft | None:
    """The release of this name and version; `None` when there is none."""
    row = session.scalar(sa.select(ReleaseRow).where(ReleaseRow.name == name, ReleaseRow.version == version))
    return _draft(session, row) if row else None


def get_draft(session: Session, release_id: ReleaseId) -> Draft:
    """One release.

    Raises:
        UsageError: there is no release of this id.
    """
    row = session.get(ReleaseRow, release_id)
    if row is None:
        raise UsageError(f"no release {release_id}")
    return _draft(session, row)


def all_drafts(session: Session) -> list[Draft]:
    """Every release, oldest first."""
    return [_draft(session, row) for row in session.scalars(sa.select(ReleaseRow).order_by(ReleaseRow.drafted_at))]


def members_of(session: Session, release_id: ReleaseId) -> list[Member]:
    """The clips of a release, in order of clip id."""
    rows = session.scalars(
        sa.select(ReleaseClipRow).where(ReleaseClipRow.release_id == release_id).order_by(ReleaseClipRow.clip_id)
    )
    return [
        Member(
            ClipId(row.clip_id),
            RenditionId(row.rendition_id),
            tuple(AnnotationId(annotation_id) for annotation_id in row.annotation_ids),
        )
        for row in rows
    ]


def refusals_of(session: Session, release_id: ReleaseId) -> list[tuple[ClipId, str]]:
    """The clips that a release does not hold, each with why."""
    rows = session.scalars(
        sa.select(ReleaseRefusalRow)
        .where(ReleaseRefusalRow.release_id == release_id)
        .order_by(ReleaseRefusalRow.clip_id)
    )
    return [(ClipId(row.clip_id), row.reason) for row in rows]


def releases_with(session: Session, clip_id: ClipId) -> list[Draft]:
    """The releases that hold a clip."""
    rows = session.scalars(
        sa.select(ReleaseRow)
        .join(ReleaseClipRow, ReleaseClipRow.release_id == ReleaseRow.release_id)
        .where(ReleaseClipRow.clip_id == clip_id)
        .order_by(ReleaseRow.drafted_at)
    )
    return [_draft(session, row) for row in rows]


def add_seal(session: Session, release_id: ReleaseId, seal: Seal) -> bool:
    """Record the manifest of a release; whether it is new."""
    return insert_new(
        session,
        ReleaseSealRow,
        release_id=release_id,
        manifest_digest=seal.manifest_digest.hex,
        manifest=seal.manifest,
        sealed_at=seal.sealed_at,
    )


def find_seal(session: Session, release_id: ReleaseId) -> Seal | None:
    """The manifest of a release; `None` before it is sealed."""
    row = session.get(ReleaseSealRow, release_id)
    return Seal(Sha256(row.manifest_digest), row.manifest, row.sealed_at) if row else None


def add_publication(session: Session, release_id: ReleaseId, publication: Publication) -> bool:
    """Record that partners can read a release; whether that is new."""
    return insert_new(
        session,
        ReleasePublicationRow,
        release_id=release_id,
        bucket=publication.at.bucket,
        manifest_key=publication.at.key,
        manifest_version_id=publication.at.version_id,
        published_at=publication.published_at,
    )


def find_publication(session: Session, release_id: ReleaseId) -> Publication | None:
    """Where partners read a release; `None` before it is published."""
    row = session.get(ReleasePublicationRow, release_id)
    return (
        Publication(Location(row.bucket, row.manifest_key, row.manifest_version_id), row.published_at) if row else None
    )


def _draft(session: Session, row: ReleaseRow) -> Draft:
    recipes = session.scalars(
        sa.select(ReleaseRecipeRow)
        .where(ReleaseRecipeRow.release_id == row.release_id)
        .order_by(ReleaseRecipeRow.ordinal)
    )
    return Draft(
        release_id=ReleaseId(row.release_id),
        name=row.name,
        version=row.version,
        taxonomy_digest=Sha256(row.taxonomy_digest),
        annotators_min=row.annotators_min,
        drafted_at=row.drafted_at,
        recipes=tuple(AskedRecipe(one.recipe_name, Sha256(one.recipe_digest)) for one in recipes) or WHAT_PEOPLE_SAW,
    )
