"""A database in which every table has a row, so that no rule passes because there is nothing to refuse."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import psycopg
import pytest

from pipeline.domain.allotment import Allotment
from pipeline.domain.audit import Fault
from pipeline.domain.desk import desk_of
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Decision, PictureAnchor, StreamDigests
from pipeline.domain.hint import NOTHING_DRAWN, DrawnBefore, HintSource, PreAnnotation
from pipeline.domain.ids import AnnotationId, CameraSerial, ExerciseId, derive
from pipeline.records import (
    Session,
    annotations,
    assignments,
    audits,
    byproducts,
    carried,
    damages,
    decisions,
    desk_tasks,
    docking,
    duplicates,
    encodings,
    exercises,
    facts,
    findings,
    footage,
    gates,
    people,
    pictures,
    qualities,
    readings,
    releases,
    sightings,
    softened,
    sound_hints,
    task_hints,
)
from pipeline.records.annotations import Answer
from pipeline.records.gates import Gate
from tests.alignments import add_an_alignment
from tests.builders import (
    EXERCISE,
    NOON,
    TOOL,
    Chain,
    a_byproduct,
    a_chain,
    a_clock,
    a_damage,
    a_decision,
    a_declaration,
    a_dock_object,
    a_draft,
    a_duplicate,
    a_location,
    a_series,
    a_task,
    add_chain,
    an_answer,
    an_encoding,
    an_upload,
    described_facts,
)
from tests.chapters import add_two_chapters
from tests.databases import Databases
from tests.findings import a_finding
from tests.people import a_person, a_softened_clip
from tests.qualities import an_assessed_clip
from tests.sounds import an_impulse_listening


@dataclass(frozen=True)
class Filled:
    """Where it is, and how its owner and the server's superuser enter it."""

    url: str
    owner: "psycopg.Connection[Any]"
    superuser: "psycopg.Connection[Any]"


@pytest.fixture(scope="package")
def filled(databases: Databases) -> Any:
    url = databases.make()
    chain, refused = a_chain(), an_upload("refused")
    answer, draft = an_answer(chain.clips[0]), a_draft()
    with databases.open(url).begin() as session:
        exercises.add_declaration(session, a_declaration(), at=NOON)
        add_chain(session, chain)
        footage.add_upload(session, refused)
        footage.quarantine(session, refused.upload_id, error_kind="EmptyUploadError", reason="empty", at=NOON)
        decisions.add_decision(session, a_decision(refused))
        assignments.name_camera(session, refused.upload_id, CameraSerial("C-1"), by="j.doe", because="so", at=NOON)
        damages.add_damage(session, chain.recording.recording_id, a_damage(), tool_identity="tool", at=NOON)
        unclaimed = an_upload("unclaimed", exercise_id=None)
        footage.add_upload(session, unclaimed)
        assignments.assign(session, unclaimed.upload_id, ExerciseId(EXERCISE), because="its day", at=NOON)
        _add_duplicate(session, chain)
        facts.add_facts(session, described_facts(chain.original))
        facts.add_series(session, a_series(chain.original))
        facts.add_clocks(session, chain.original.digest, [a_clock()])
        docked = a_dock_object()
        docking.add_container(session, docked.container, "recording", at=NOON)
        docking.add_object(session, docked)
        docking.say(session, docked.container, docked.name, {"starttime": "0"}, at=NOON)
        docking.complete(session, docked.container, at=NOON)
        docking.link_upload(session, unclaimed.upload_id, docked.container, docked.name, None)
        qualities.add_quality(session, an_assessed_clip(chain))
        byproducts.add_byproduct(session, a_byproduct(chain.rendition))
        sound_hints.add_listening(session, an_impulse_listening(chain.rendition))
        sightings.see(session, "intake", "drops/one.mp4", size_bytes=1, etag="0", at=NOON)
        add_an_alignment(session, chain.recording, add_two_chapters(session))
        annotations.add_task(session, a_task(chain.clips[0]))
        annotations.add_answer(session, answer)
        add_labelling(session, chain, answer)
        _add_people(session, chain, answer)
        member = releases.Member(chain.clips[0].clip_id, chain.rendition.rendition_id, (answer.annotation_id,))
        releases.add_draft(session, draft, [member], [(chain.clips[1].clip_id, "too few annotators")])
        encoding = an_encoding(chain.clips[0])
        encodings.add_encoding(session, encoding)
        held = encodings.HeldEncoding(encoding.clip_id, draft.recipes[0].name, encoding.encoding_id, None)
        encodings.hold(session, draft.release_id, held)
        releases.add_seal(session, draft.release_id, releases.Seal(Sha256.of(b"{}"), b"{}", NOON))
        releases.add_publication(session, draft.release_id, releases.Publication(a_location(), NOON))
        fault = Fault("missing_object", "clip 1", "gone")
        audits.add_audit(session, audits.Audit(derive("audit", NOON), 1, 1, 1, (fault,), NOON))
    with (
        psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as owner,
        databases.superuser(url) as superuser,
    ):
        yield Filled(url, owner, superuser)


def add_labelling(session: Session, chain: Chain, answer: Answer) -> None:
    """What is known of labelling beside tasks and answers."""
    clip, words = chain.clips[0], answer.taxonomy_digest
    made = chain.made[0]
    gates.add_gate(session, Gate(made.clip_id, made.digest, (), TOOL, NOON))
    annotations.renew_task(session, a_task(clip, 2))
    task_hints.add_hints(session, words, [task_hints.SentHints(clip.clip_id, NOTHING_DRAWN, NOON)])
    readings.add_reading(session, words, readings.Reading(1, NOON), at=NOON)
    findings.add_finding(session, a_finding(clip))
    other = an_answer(clip, taxonomy_digest=Sha256.of(b"other words"), annotation_id=derive("annotation", "carried"))
    annotations.add_answer(session, other)
    carried.add_carried(
        session, other.annotation_id, source=answer.annotation_id, mapping_digest=Sha256.of(b"mapping"), at=NOON
    )


def _add_people(session: Session, chain: Chain, answer: annotations.Answer) -> None:
    """Two annotators, one of whom has left, with everything that is told of clips that they were given."""
    clip_id, other_id = chain.clips[0].clip_id, chain.clips[1].clip_id
    for person in (a_person(1), a_person(2)):
        people.add_person(session, person)
    people.retire(session, a_person(2).annotator, because="moved on", at=NOON)
    given = Allotment(clip_id, a_person(1).annotator, "label", "so")
    people.add_allotments(session, answer.taxonomy_digest, [given], at=NOON)
    laid = a_task(chain.clips[0], 77, desk=desk_of(a_person(1).annotator))
    desk_tasks.add_task(session, laid)
    suggested = PreAnnotation(answer.labels.events[0], Fraction(1, 2), HintSource.BOOKMARK) if answer.labels else None
    desk_tasks.add_hints(session, laid, DrawnBefore((suggested,) if suggested else ()), at=NOON)
    desk_tasks.withdraw(session, laid.project_id, [laid.task_id], at=NOON)
    said = (answer.annotation_id, AnnotationId(derive("annotation", "other")))
    people.add_referral(session, answer.taxonomy_digest, people.Referral(clip_id, said, "they differ", NOON))
    people.mark_gold(session, clip_id, answer.taxonomy_digest, by="j.doe", because="clear case", at=NOON)
    softened.warn(session, other_id, by="j.doe", because="a wound", at=NOON)
    softened.add_softened(session, a_softened_clip(chain.made[1]))


def _add_duplicate(session: Session, chain: Chain) -> None:
    """Another recording that is the first over again, by everything that duplicates are found by."""
    again = a_chain("again")
    add_chain(session, again)
    recording_id, digest = again.recording.recording_id, again.original.digest
    tool = {"tool_identity": TOOL, "at": NOON}
    duplicates.add_stream_digests(session, digest, StreamDigests(digest, digest), **tool)
    pictures.add_picture_hashes(session, recording_id, bytes(33), [PictureAnchor(0, bytes(32), (1,))], **tool)
    pictures.add_comparison(session, recording_id, candidates=0, at=NOON)
    pair = a_duplicate(chain.recording.recording_id, recording_id)
    duplicates.add_duplicate(session, pair)
    duplicates.add_decision(session, Decision(pair.duplicate_id, True, "REVIEWER-1", "a copy", NOON))
