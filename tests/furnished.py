"""A bench with one of everything that can be looked up, for tests that look and change nothing."""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.domain import keys
from pipeline.domain.clock_claim import clocks_of
from pipeline.domain.digest import Sha256
from pipeline.domain.duplicate import Duplicate, Verdict
from pipeline.domain.encoding import Encoding
from pipeline.domain.ids import AnnotationId, CameraSerial, ReleaseId, UploadId
from pipeline.domain.media import ClockClaim
from pipeline.domain.original_facts import OriginalFacts
from pipeline.domain.still import CameraNames, GeoPoint, Orientation, StillFacts
from pipeline.domain.track import MotionSummary
from pipeline.errors import DamagedMediaError
from pipeline.records import duplicates, exercises, facts, sound_hints
from pipeline.workbench import Workbench
from tests.builders import CAMERA, Chain, a_declaration, a_duplicate, a_track, described_facts
from tests.sounds import a_speech_listening, an_impulse_listening
from tests.stages import Stages
from tests.stored import answer, store_chain, store_encoding

NASTY_NAME = "[/bold]\u202e[red] Jane's day\x1b[31m é.mp4"
"""What a file may be called: markup, an order to the terminal, and a sign that turns text around."""


A_TIMECODE = ClockClaim("stream 0:timecode", "15:44:35:10")
FACTS = OriginalFacts(
    still=StillFacts(CameraNames("Maker"), Orientation(90, is_mirrored=True), GeoPoint(Fraction(1), Fraction(2)), ()),
    telemetry=a_track(motion=(MotionSummary("gyroscope", 100, Fraction(197)),)),
    silent_head_s=Fraction(30),
    problem="the track cannot be read",
)
"""More than one original can say, so that every field is there."""


@dataclass(frozen=True)
class Furnished:
    """The bench, and what is on it."""

    bench: Workbench
    chain: Chain
    """Three clips: the first two labelled by two people, the third by one, whose answer was refused."""
    encoding: Encoding
    """Of the first clip."""
    annotations: tuple[AnnotationId, ...]
    refused_annotation: AnnotationId
    quarantined: UploadId
    stray: UploadId
    """Of a key that names no camera."""
    waiting: UploadId
    """Of a camera, but of no exercise."""
    published: ReleaseId
    """attack-early 1.0.0."""
    drafted: ReleaseId
    """attack-early 1.1.0."""
    pair: Duplicate
    """What is quarantined, and the stray."""


def furnish(bench: Workbench, folder: Path) -> Furnished:
    stages = Stages(bench)
    with bench.db.begin() as session:
        exercises.add_declaration(session, a_declaration(), at=bench.clock())
    chain = store_chain(bench)
    with bench.db.begin() as session:
        facts.add_facts(session, described_facts(chain.original, facts=FACTS))
        facts.add_clocks(session, chain.original.digest, clocks_of((*chain.recording.facts.clock_claims, A_TIMECODE)))
        sound_hints.add_listening(session, an_impulse_listening(chain.rendition))
        sound_hints.add_listening(session, a_speech_listening(chain.rendition))
    encoding = store_encoding(bench, chain.clips[0])
    given = [one for clip in chain.clips[:2] for one in answer(bench, clip)]
    (refused,) = answer(bench, chain.clips[2], annotators=["annotator-a"], refusal="label 1: [nonsense] is no word")
    damaged = folder / "damaged.mp4"
    damaged.write_bytes(b"no footage")
    stages.upload(damaged, exercise="EX-2026-015")
    (quarantined,) = stages.receive().new
    beside = folder / "IMG_0007.JPG"
    beside.write_bytes(b"no picture")
    stages.upload(beside, exercise="EX-2026-015")
    stages.preserve(*stages.receive().companions)
    stages.describe_companions()
    stages.quarantine(quarantined, DamagedMediaError("[h264 @ 0x1] error: expected frames, found [none]"))
    bench.store.put_once(
        bench.settings.s3_intake_bucket,
        "stray.mp4",
        b"stray",
        digest=Sha256.of(b"stray"),
        media_type="video/mp4",
        metadata={"original-name": NASTY_NAME},
    )
    (stray,) = stages.receive().new
    unclaimed = keys.upload_key(None, CameraSerial(CAMERA), Sha256.of(b"whose"))
    bench.store.put_once(
        bench.settings.s3_intake_bucket, unclaimed, b"whose", digest=Sha256.of(b"whose"), media_type="video/mp4"
    )
    (waiting,) = stages.receive().new
    with bench.db.begin() as session:
        pair = a_duplicate(quarantined, stray, kind="upload", verdict=Verdict.SAME_BYTES, claims_differ=True)
        duplicates.add_duplicate(session, pair)
    published = stages.release("attack-early", "1.0.0", annotators_min=2)
    drafted = stages.select("attack-early", "1.1.0", annotators_min=2)
    stages.verify()
    return Furnished(
        bench,
        chain,
        encoding,
        tuple(one.annotation_id for one in given),
        refused.annotation_id,
        quarantined,
        stray,
        waiting,
        published,
        drafted,
        pair,
    )
