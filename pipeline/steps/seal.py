"""Freeze a release: its tables and its manifest get their bytes, and nothing changes after this."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.parquet import table_bytes
from pipeline.domain import keys
from pipeline.domain.agreement.decided import decide
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.desk import ADJUDICATION
from pipeline.domain.ids import ClipId, ReleaseId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.recipe import VIEWING
from pipeline.domain.release import (
    Manifest,
    ReleaseBlob,
    ReleaseChoice,
    ReleaseClip,
    ReleaseFile,
    ReleaseSegment,
    ReleaseVariant,
    TaxonomyRef,
)
from pipeline.domain.release.building import Chosen, ChosenFile, rows_of
from pipeline.domain.release.groups import groups_of
from pipeline.domain.release.history import Content, History, history_of
from pipeline.domain.version import Version
from pipeline.errors import SealedReleaseError
from pipeline.records import Database, annotations, clips, custody, duplicates, encodings, footage, releases
from pipeline.records.encodings import HeldEncoding
from pipeline.records.releases import Draft, Member

log = structlog.get_logger()

PARQUET = "application/vnd.apache.parquet"


def seal_release(
    release_id: ReleaseId,
    *,
    taxonomy: Taxonomy,
    working_bucket: str,
    store: ObjectStore,
    db: Database,
    clock: Callable[[], datetime],
) -> None:
    """Seal one drafted release.

    Safe to repeat: a sealed release stays as it is. One that was killed before its seal was recorded gets the same
    bytes again, because all of them come from the draft.

    Raises:
        SealedReleaseError: the taxonomy is not the one that the release was drafted under, or clips are not encoded
            yet.
        StoreUnavailableError: S3 did not answer; the release is not sealed.
    """
    with db.begin() as session:
        draft = releases.get_draft(session, release_id)
        if releases.find_seal(session, release_id) is not None:
            return
        if draft.taxonomy_digest != taxonomy.digest:
            raise SealedReleaseError(
                f"release {release_id} was drafted under taxonomy {draft.taxonomy_digest}, found {taxonomy.digest}"
            )
        if left := encodings.left_to_encode(session, release_id):
            raise SealedReleaseError(
                f"release {release_id}: expected every clip by every recipe that it was drafted with, found "
                f"{sum(map(len, left.values()))} clips of {len(left)} recordings that are not encoded yet"
            )
        contents = _files(session, draft, taxonomy)
    manifest = Manifest.of(
        name=keys.release_name(draft.name),
        version=Version.parse(draft.version),
        created_at=draft.drafted_at,
        taxonomy=TaxonomyRef(taxonomy.taxonomy_id, str(taxonomy.version), taxonomy.digest),
        files=[file for file, _ in contents],
    )
    for file, content in contents:
        store.put_once(
            working_bucket,
            keys.sealed_key(release_id, file.digest),
            content,
            digest=file.digest,
            media_type=file.media_type,
        )
    sealed_at = clock()
    with db.begin() as session:
        if releases.add_seal(session, release_id, releases.Seal(manifest.digest, manifest.to_bytes(), sealed_at)):
            custody.append(
                session,
                CustodyEvent("sealed", "release", str(release_id), sealed_at, {"manifest": manifest.digest.hex}),
            )
    log.info("release_sealed", release_id=str(release_id), manifest_digest=manifest.digest.hex)


def _files(session: Session, draft: Draft, taxonomy: Taxonomy) -> list[tuple[ReleaseFile, bytes]]:
    rows = [rows_of(chosen, taxonomy_version=str(taxonomy.version)) for chosen in _chosen(session, draft, taxonomy)]
    tables = {
        keys.FILES_PATH: table_bytes(ReleaseBlob, (blob for row in rows for blob in row.blobs)),
        "tables/clips.parquet": table_bytes(ReleaseClip, (row.clip for row in rows)),
        "tables/variants.parquet": table_bytes(ReleaseVariant, (variant for row in rows for variant in row.variants)),
        "tables/segments.parquet": table_bytes(ReleaseSegment, (segment for row in rows for segment in row.segments)),
        "tables/choices.parquet": table_bytes(ReleaseChoice, (choice for row in rows for choice in row.choices)),
    }
    files = [
        (
            ReleaseFile.of(path, content, role="blobs" if path == keys.FILES_PATH else "table", media_type=PARQUET),
            content,
        )
        for path, content in tables.items()
    ]
    words = taxonomy.canonical
    files.append((ReleaseFile.of("taxonomy.json", words, role="document", media_type="application/json"), words))
    return files


def _chosen(session: Session, draft: Draft, taxonomy: Taxonomy) -> list[Chosen]:
    members = releases.members_of(session, draft.release_id)
    histories = _histories(session, draft, members)
    known = [(one.recording_id, one.exercise_id) for one in footage.all_recordings(session)]
    groups = groups_of(known, duplicates.related_recordings(session))
    held = {(one.clip_id, one.asked): one for one in encodings.held_by(session, draft.release_id)}
    found: list[Chosen] = []
    for member in members:
        clip = clips.get_clip(session, member.clip_id)
        recording = footage.get_recording(session, clip.recording_id)
        answers = annotations.answers_by_id(session, member.annotation_ids)
        said = tuple(one.labels for one in answers if one.labels is not None and one.desk != ADJUDICATION)
        decided = [one.labels for one in answers if one.labels is not None and one.desk == ADJUDICATION]
        found.append(
            Chosen(
                clip=clip,
                recording=recording,
                files=tuple(_file_of(session, recipe.name, member, held) for recipe in draft.recipes),
                group=groups[recording.exercise_id],
                labels=said,
                history=histories[member.clip_id],
                decided=decide(said, decided[-1] if decided else None, taxonomy=taxonomy),
            )
        )
    return found


def _file_of(
    session: Session, asked: str, member: Member, held: Mapping[tuple[ClipId, str], HeldEncoding]
) -> ChosenFile:
    if asked != VIEWING.name:
        one = held[member.clip_id, asked]
        return ChosenFile.of_encoding(asked, encodings.get_encoding(session, one.encoding_id), one.because)
    clip = clips.get_clip(session, member.clip_id)
    made = clips.clip_rendition(session, member.clip_id, member.rendition_id)
    rendition = footage.get_rendition(session, member.rendition_id)
    return ChosenFile.of_viewing(clip, made, rendition, footage.get_recording(session, clip.recording_id))


def _histories(session: Session, draft: Draft, members: list[Member]) -> Mapping[ClipId, History]:
    version = Version.parse(draft.version)
    earlier = [
        (Version.parse(other.version), _contents(session, other, releases.members_of(session, other.release_id)))
        for other in releases.all_drafts(session)
        if other.name == draft.name
        and Version.parse(other.version) < version
        and releases.find_publication(session, other.release_id) is not None
    ]
    now = _contents(session, draft, members)
    return {clip_id: history_of(clip_id, content, version, earlier) for clip_id, content in now.items()}


def _contents(session: Session, draft: Draft, members: Sequence[Member]) -> dict[ClipId, Content]:
    held = {(one.clip_id, one.asked): one.encoding_id for one in encodings.held_by(session, draft.release_id)}
    names = [recipe.name for recipe in draft.recipes]
    return {
        member.clip_id: Content(
            member.rendition_id,
            member.annotation_ids,
            tuple(held[member.clip_id, name] for name in names if (member.clip_id, name) in held),
        )
        for member in members
    }
