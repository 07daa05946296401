"""What still waits to be done, and how much has been?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from pipeline.adapters.object_store import ObjectStore
from pipeline.domain import keys
from pipeline.domain.assignment import exercise_for
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId, ReleaseId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.recipe import VIEWING
from pipeline.domain.release import select_clips
from pipeline.domain.version import Version
from pipeline.records import (
    Database,
    Session,
    assignments,
    clips,
    companions,
    encodings,
    exercises,
    facts,
    footage,
    overview,
    releases,
    sightings,
)
from pipeline.records.candidates import candidates
from pipeline.records.overview import Totals


def totals(db: Database) -> Totals:
    """How many of each thing there are now."""
    with db.begin() as session:
        return overview.totals(session)


@dataclass(frozen=True, slots=True)
class IntakeProgress:
    """How far everything is that was ever put into the intake bucket."""

    received: int
    preserved: int
    left: int
    """Received and neither clips nor in quarantine, and companions not preserved."""
    clips: int
    quarantined: int


def intake_progress(db: Database) -> IntakeProgress:
    """How far intake is now."""
    left = uploads_left(db)
    with db.begin() as session:
        found, preserved = overview.totals(session), overview.uploads_preserved(session)
    return IntakeProgress(found.uploads, preserved, left, found.clips, found.quarantined)


def uploads_left(db: Database) -> int:
    """How many received uploads are neither clips nor in quarantine, and companions of them not preserved."""
    with db.begin() as session:
        return len(footage.uploads_waiting(session)) + len(companions.companions_waiting(session))


def anything_to_ingest(bucket: str, *, db: Database, store: ObjectStore) -> bool:
    """Whether the intake bucket holds an object that is not received, or a received upload is not finished.

    One that waits for an exercise counts only when a declaration fits it by now.
    """
    with db.begin() as session:
        if footage.uploads_waiting(session) or companions.companions_waiting(session) or _can_be_assigned(session):
            return True
        if facts.companions_undescribed(session):
            return True
    return any(not_received(bucket, db=db, store=store))


def not_received(bucket: str, *, db: Database, store: ObjectStore) -> Iterator[str]:
    """Keys of the intake bucket that no look has taken: new, or still arriving. The dock takes its own."""
    listing = (listed for listed in store.list(bucket, "") if not listed.key.startswith(keys.DOCK_PREFIX))
    while batch := list(islice(listing, 1000)):
        with db.begin() as session:
            known = sightings.received_etags(session, bucket, [listed.key for listed in batch])
        yield from (listed.key for listed in batch if known.get(listed.key) != listed.etag)


def _can_be_assigned(session: Session) -> bool:
    waiting = assignments.waiting_for_exercise(session)
    declarations = exercises.newest_declarations(session) if waiting else []
    return any(
        exercise_for(upload.camera_serial, upload.claimed_start_at, declarations).exercise_id is not None
        for upload in waiting
        if upload.camera_serial is not None
    )


def is_published(db: Database, name: str, version: str) -> bool:
    """Whether partners can already read this release."""
    return release_state(db, name, version) == "published"


def release_state(db: Database, name: str, version: str) -> str:
    """How far a release is, in a word or two."""
    with db.begin() as session:
        draft = releases.find_draft(session, name, version)
        if draft is None:
            return "selecting"
        if releases.find_publication(session, draft.release_id) is not None:
            return "published"
        if releases.find_seal(session, draft.release_id):
            return "publishing"
        left = sum(map(len, encodings.left_to_encode(session, draft.release_id).values()))
        return f"encoding: {left} clips left" if left else "sealing"


def clips_to_encode(db: Database, release_id: ReleaseId) -> dict[RecordingId, list[ClipId]]:
    """Clips of a release of which something is still to be made, by recording."""
    with db.begin() as session:
        return encodings.left_to_encode(session, release_id)


def recipes_of(db: Database, release_id: ReleaseId) -> list[str]:
    """What a release is to hold of each clip that is not there already."""
    with db.begin() as session:
        return [one.name for one in releases.get_draft(session, release_id).recipes if one.name != VIEWING.name]


def anything_since_last_audit(db: Database) -> bool:
    """Whether anything happened that no audit has seen."""
    with db.begin() as session:
        latest, audited_at = overview.latest_times(session)
    return latest is not None and (audited_at is None or audited_at < latest)


def clips_to_submit(db: Database, taxonomy_digest: Sha256) -> int:
    """How many clips were not sent out under a taxonomy yet."""
    with db.begin() as session:
        return len(clips.clips_without_task(session, taxonomy_digest))


def is_released(db: Database, name: str, version: str, *, annotators_min: int, recipes: Sequence[str]) -> bool:
    """Whether partners can already read this release, made on these terms; on other terms it is another question."""
    with db.begin() as session:
        draft = releases.find_draft(session, name, version)
        published = draft is not None and releases.find_publication(session, draft.release_id) is not None
    if not published or draft is None:
        return False
    return (draft.annotators_min, [one.name for one in draft.recipes]) == (annotators_min, list(recipes))


def next_version(
    db: Database, name: str, *, taxonomy: Taxonomy, annotators_min: int, recipes: Sequence[str]
) -> Version:
    """Which version of a dataset should be made now?

    The newest, when it is not published yet or already holds every clip that may enter, by the same recipes; else the
    next minor version, since clips are added and none is changed.
    """
    with db.begin() as session:
        drafts = [draft for draft in releases.all_drafts(session) if draft.name == name]
        if not drafts:
            return Version(1, 0, 0)
        newest = max(drafts, key=lambda draft: Version.parse(draft.version))
        version = Version.parse(newest.version)
        if releases.find_publication(session, newest.release_id) is None:
            return version
        ready = set(select_clips(candidates(session, taxonomy), annotators_min=annotators_min).chosen)
        is_alike = [one.name for one in newest.recipes] == list(recipes)
        held = {member.clip_id for member in releases.members_of(session, newest.release_id)}
    return version if ready <= held and is_alike else Version(version.major, version.minor + 1, 0)
