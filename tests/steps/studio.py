"""Label Studio for one test, under a taxonomy that no other test has: submit, redraw, collect, and what is there."""

import dataclasses
import itertools
import os

from pipeline.domain.hint import Hint
from pipeline.domain.ids import ClipId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
from pipeline.records import annotations
from pipeline.records.annotations import Answer
from pipeline.steps.collect import Collected, collect_annotations
from pipeline.steps.redraw import redraw_hints
from pipeline.steps.submit import submit_clips
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, Item

NUMBERS = itertools.count(1)


@dataclasses.dataclass(frozen=True)
class Studio:
    """Label Studio for one test, under a taxonomy that no other test has."""

    bench: Workbench
    taxonomy: Taxonomy
    people: list[Account]
    hints: dict[RecordingId, list[Hint]] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, bench: Workbench, people: list[Account]) -> "Studio":
        version = Version(8, os.getpid() % 1_000_000, next(NUMBERS))
        return cls(bench, dataclasses.replace(bench.taxonomy, version=version), people)

    @property
    def project_id(self) -> int:
        return self.bench.labelling.ensure_project(self.taxonomy, storage=self.bench.clip_source)

    def submit(self, *, with_damaged: bool = False, clips_max: int | None = None) -> list[ClipId]:
        bench = self.bench
        return submit_clips(
            taxonomy=self.taxonomy,
            source=bench.clip_source,
            labelling=bench.labelling,
            db=bench.db,
            clock=bench.clock,
            hints=self.hints,
            with_damaged=with_damaged,
            clips_max=clips_max,
        )

    def redraw(self) -> int:
        bench = self.bench
        return redraw_hints(
            taxonomy=self.taxonomy,
            source=bench.clip_source,
            labelling=bench.labelling,
            db=bench.db,
            clock=bench.clock,
            hints=self.hints,
        )

    def collect(self, *, thorough: bool = False) -> Collected:
        bench = self.bench
        return collect_annotations(
            taxonomy=self.taxonomy,
            source=bench.clip_source,
            labelling=bench.labelling,
            pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
            db=bench.db,
            clock=bench.clock,
            thorough=thorough,
        )

    def tasks(self) -> dict[str, list[Item]]:
        """What Label Studio holds, by clip id."""
        found: dict[str, list[Item]] = {}
        for task in self.people[0].tasks(self.project_id):
            found.setdefault(task["data"].get("clip_id", ""), []).append(task)
        return found

    def task_of(self, clip_id: ClipId) -> int:
        (task,) = self.tasks()[str(clip_id)]
        return int(task["id"])

    def recorded(self) -> list[Answer]:
        with self.bench.db.begin() as session:
            return annotations.current_answers(session, self.taxonomy.digest)
