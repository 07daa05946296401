"""Carries footage through the steps with the parts of a bench, one stage at a time, as the flows do with Prefect."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

from pipeline.domain.alignment import AlignmentId
from pipeline.domain.clip import ClipPolicy
from pipeline.domain.damage import Damage
from pipeline.domain.decision import Decision, Ruling
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import (
    CameraSerial,
    ClipId,
    EncodingId,
    ExerciseId,
    RecordingId,
    ReleaseId,
    RenditionId,
    UploadId,
)
from pipeline.domain.intake_rules import IntakeRules
from pipeline.domain.labels import Taxonomy
from pipeline.domain.origin import NOTHING_SAID, Origin
from pipeline.domain.quality import RULE_VERSION
from pipeline.errors import DamagedMediaError, RejectedInputError
from pipeline.lookup import waiting
from pipeline.steps import (
    align,
    assemble,
    assess,
    compare,
    cut,
    describe,
    encode,
    listen,
    preserve,
    probe,
    publish,
    quarantine,
    receive,
    render,
    resolve,
    seal,
    select,
    survey,
    upload,
    verify,
)
from pipeline.workbench import Workbench
from tests.builders import CAMERA, EXERCISE

A_CLIP_A_SECOND = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(1, 2))

LIGHT = ("viewing",)
"""What releases of most tests hold: what is there already. What is made for a release has tests of its own."""


@dataclass(frozen=True)
class Stages:
    """The stages on one bench."""

    bench: Workbench
    policy: ClipPolicy = A_CLIP_A_SECOND

    def other_taxonomy(self) -> Taxonomy:
        """The taxonomy of the bench, with another word in it."""
        return replace(self.bench.taxonomy, title="Other words")

    def upload(self, *paths: Path, exercise: str = EXERCISE, camera: str = CAMERA) -> list[upload.FileResult]:
        return upload.send_upload(
            upload.plan_upload(paths, self.bench.naming),
            exercise=ExerciseId(exercise),
            camera=CameraSerial(camera),
            bucket=self.bench.settings.s3_intake_bucket,
            store=self.bench.store,
            jobs=2,
            clock=self.bench.clock,
        )

    def receive(self, *hints: str, rules: IntakeRules | None = None) -> receive.Received:
        bench = self.bench
        return receive.receive_uploads(
            bucket=bench.settings.s3_intake_bucket,
            rules=rules or bench.rules,
            manifests=bench.manifests,
            store=bench.store,
            db=bench.db,
            clock=bench.clock,
            hints=hints or None,
        )

    def preserve(self, upload_id: UploadId) -> Sha256:
        bench = self.bench
        return preserve.preserve_upload(
            upload_id,
            originals_bucket=bench.settings.s3_originals_bucket,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
        )

    def look(self, digest: Sha256) -> RecordingId | None:
        """Probe what may be a chapter: then it is in no recording yet, and is described for its series."""
        bench = self.bench
        found = probe.probe_original(
            digest, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
        )
        if found is None:
            self.describe(digest)
        return found

    def compare(self, recording_id: RecordingId) -> bool:
        bench = self.bench
        return compare.compare_streams(
            recording_id, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
        )

    def describe(self, digest: Sha256) -> None:
        bench = self.bench
        describe.describe_original(
            digest,
            working_bucket=bench.settings.s3_working_bucket,
            store=bench.store,
            scratch=bench.scratch,
            reader=bench.facts,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
        )

    def describe_companions(self) -> int:
        bench = self.bench
        return describe.describe_companions(
            store=bench.store, scratch=bench.scratch, reader=bench.facts, db=bench.db, clock=bench.clock
        )

    def compare_pictures(self, rendition_id: RenditionId) -> bool:
        bench = self.bench
        return compare.compare_pictures(
            rendition_id, store=bench.store, scratch=bench.scratch, media=bench.media, db=bench.db, clock=bench.clock
        )

    def probe(self, digest: Sha256) -> RecordingId:
        found = self.look(digest)
        assert found is not None, "it is a chapter: assemble its series"
        return found

    def assemble(self, upload_id: UploadId) -> list[RecordingId]:
        bench = self.bench
        return assemble.assemble_series(upload_id, tool_identity=bench.media.identity, db=bench.db, clock=bench.clock)

    def render(self, recording_id: RecordingId, *, progress: Callable[[Fraction], None] | None = None) -> RenditionId:
        bench = self.bench
        return render.render_recording(
            recording_id,
            recipe=bench.recipe,
            policy=self.policy,
            working_bucket=bench.settings.s3_working_bucket,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
            progress=progress,
        )

    def render_or_survey(self, recording_id: RecordingId) -> RenditionId:
        """As the flow does: strictly, and where that finds damage, what can be shown."""
        try:
            return self.render(recording_id)
        except DamagedMediaError as error:
            self.survey(recording_id, error)
            return self.render(recording_id)

    def survey(self, recording_id: RecordingId, error: DamagedMediaError) -> Damage:
        bench = self.bench
        return survey.survey_recording(
            recording_id,
            error,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
        )

    def resolve(
        self,
        upload_id: UploadId,
        ruling: Ruling,
        *,
        by: str = "j.doe",
        because: str = "as agreed",
        origin: Origin = NOTHING_SAID,
    ) -> Decision:
        bench = self.bench
        return resolve.resolve_quarantine(
            upload_id, ruling, decided_by=by, because=because, origin=origin, db=bench.db, clock=bench.clock
        )

    def cut(self, rendition_id: RenditionId) -> list[ClipId]:
        bench = self.bench
        return cut.cut_rendition(
            rendition_id,
            working_bucket=bench.settings.s3_working_bucket,
            reader=bench.settings.s3_clip_reader,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
        )

    def assess(self, rendition_id: RenditionId, *, rule_version: int = RULE_VERSION) -> int:
        bench = self.bench
        return assess.assess_clips(
            rendition_id,
            floor=bench.floor,
            store=bench.store,
            scratch=bench.scratch,
            media=bench.media,
            db=bench.db,
            clock=bench.clock,
            rule_version=rule_version,
        )

    def listen(self, rendition_id: RenditionId) -> int:
        bench = self.bench
        return listen.listen_to_rendition(
            rendition_id,
            listener=bench.listener,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
        )

    def quarantine(self, upload_id: UploadId, error: RejectedInputError) -> None:
        bench = self.bench
        quarantine.quarantine_upload(upload_id, error, scratch=bench.scratch, db=bench.db, clock=bench.clock)

    def ingest(self, *paths: Path, exercise: str = EXERCISE, camera: str = CAMERA) -> list[ClipId]:
        """Everything from local files to clips, or into quarantine."""
        self.upload(*paths, exercise=exercise, camera=camera)
        made: list[ClipId] = []
        for upload_id in self.receive().waiting:
            try:
                recording_id = self.look(self.preserve(upload_id))
                made += self._carry_on(recording_id) if recording_id else []
            except RejectedInputError as error:
                self.quarantine(upload_id, error)
            for recording_id in self.assemble(upload_id):
                made += self._carry_on(recording_id)
        return made

    def _carry_on(self, recording_id: RecordingId) -> list[ClipId]:
        if self.compare(recording_id):
            return []
        rendition_id = self.render_or_survey(recording_id)
        if self.compare_pictures(rendition_id):
            return []
        self.listen(rendition_id)
        self.assess(rendition_id)
        return self.cut(rendition_id)

    def align(self, exercise: str = EXERCISE) -> AlignmentId:
        bench = self.bench
        return align.align_exercise(
            ExerciseId(exercise), store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock
        )

    def select(
        self,
        name: str,
        version: str,
        *,
        annotators_min: int = 1,
        recipes: Sequence[str] = LIGHT,
        taxonomy: Taxonomy | None = None,
    ) -> ReleaseId:
        bench = self.bench
        return select.select_clips(
            name,
            version,
            annotators_min=annotators_min,
            recipes=recipes,
            taxonomy=taxonomy or bench.taxonomy,
            db=bench.db,
            clock=bench.clock,
        )

    def encode(
        self, clip_ids: Sequence[ClipId], *recipes: str, release_id: ReleaseId | None = None
    ) -> list[EncodingId]:
        bench = self.bench
        return encode.encode_clips(
            clip_ids,
            recipes,
            release_id=release_id,
            working_bucket=bench.settings.s3_working_bucket,
            store=bench.store,
            scratch=bench.scratch,
            maker=bench.maker,
            db=bench.db,
            clock=bench.clock,
        )

    def encode_release(self, release_id: ReleaseId) -> None:
        """As the flow does: whatever the release was drafted to hold and does not yet."""
        for clip_ids in waiting.clips_to_encode(self.bench.db, release_id).values():
            self.encode(clip_ids, *waiting.recipes_of(self.bench.db, release_id), release_id=release_id)

    def seal(self, release_id: ReleaseId, *, taxonomy: Taxonomy | None = None) -> None:
        bench = self.bench
        seal.seal_release(
            release_id,
            taxonomy=taxonomy or bench.taxonomy,
            working_bucket=bench.settings.s3_working_bucket,
            store=bench.store,
            db=bench.db,
            clock=bench.clock,
        )

    def publish(self, release_id: ReleaseId) -> None:
        bench = self.bench
        publish.publish_release(
            release_id,
            working_bucket=bench.settings.s3_working_bucket,
            releases_bucket=bench.settings.s3_releases_bucket,
            reader=bench.settings.s3_release_reader,
            store=bench.store,
            scratch=bench.scratch,
            db=bench.db,
            clock=bench.clock,
        )

    def release(self, name: str, version: str, *, annotators_min: int = 1, recipes: Sequence[str] = LIGHT) -> ReleaseId:
        """Select, encode, seal and publish."""
        release_id = self.select(name, version, annotators_min=annotators_min, recipes=recipes)
        self.encode_release(release_id)
        self.seal(release_id)
        self.publish(release_id)
        return release_id

    def verify(self, progress: Callable[[int, int], None] | None = None) -> None:
        bench = self.bench
        verify.verify_everything(
            store=bench.store, scratch=bench.scratch, db=bench.db, clock=bench.clock, progress=progress
        )
