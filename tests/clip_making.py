"""Makes clips of a piece of footage by recipes, as the step does, without records or a store."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from pipeline.adapters.ffmpeg import ClipJob, ClipMaker, Ffmpeg, Limits, Made
from pipeline.domain.clip import ClipPolicy, PlannedClip, plan_clips
from pipeline.domain.clip_recipe import EXCERPT, STANDARD, ClipRecipe
from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import Piece, pieces_of, why_no_excerpt
from pipeline.domain.encoding_plan import ClipSource, plan_encoding
from pipeline.domain.footage import Chapter, Clip
from pipeline.domain.ids import RecordingId, derive
from pipeline.domain.media import MediaFacts

SHORT = ClipPolicy(stride_s=Fraction(1), minimum_s=Fraction(2, 5))
"""So that two seconds make two clips."""
RECORDING = RecordingId(derive("recording", "one"))


@dataclass(frozen=True, slots=True)
class ClipBench:
    """One maker, and what it looks with."""

    media: Ffmpeg
    maker: ClipMaker

    @classmethod
    def on(cls, scratch: Path) -> "ClipBench":
        """With the limits that we ship."""
        media = Ffmpeg(limits=Limits(), scratch=scratch)
        return cls(media, ClipMaker(media, limits=Limits(), scratch=scratch))

    def encode(
        self,
        source: Path,
        facts: MediaFacts,
        clips: Sequence[PlannedClip],
        target_dir: Path,
        recipes: Sequence[ClipRecipe] = (STANDARD,),
    ) -> list[tuple[Made, ...]]:
        """For each clip, what was made by each recipe."""
        jobs = [a_job(facts, clip, recipes) for clip in clips]
        made = self.maker.encode(jobs, {0: source}, [facts], target_dir=target_dir)
        return [made[job.name] for job in jobs]

    def excerpts(
        self, source: Path, facts: MediaFacts, clips: Sequence[PlannedClip], target_dir: Path
    ) -> list[Made | str]:
        """For each clip its excerpt, or why it cannot be one."""
        found: list[Made | str] = []
        for clip in clips:
            piece = Piece(0, clip.start_frame, clip.end_frame)
            why = why_no_excerpt([piece], [facts], EXCERPT)
            target = target_dir / f"excerpt-{clip.ordinal}.mp4"
            found.append(why or self.maker.excerpt(source, facts, piece, target=target))
        return found


def a_job(facts: MediaFacts, clip: PlannedClip, recipes: Sequence[ClipRecipe]) -> ClipJob:
    """A clip of a recording of one file."""
    clip_id = Clip.id_for(RECORDING, clip.span)
    chapters = (Chapter(Sha256.of(b"one"), facts, 0, None),)
    plans = tuple(plan_encoding(recipe, ClipSource.of(facts, clip.frame_count), clip_id) for recipe in recipes)
    return ClipJob(str(clip_id), pieces_of(clip.start_frame, clip.end_frame, chapters), plans)


def clips_of(facts: MediaFacts, policy: ClipPolicy = SHORT) -> tuple[PlannedClip, ...]:
    """The clips of a recording of one file."""
    return plan_clips(facts=facts, policy=policy).clips
