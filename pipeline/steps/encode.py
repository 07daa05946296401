"""Make clips for partners from the originals, by the recipes that are asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import structlog

from pipeline.adapters.ffmpeg import ClipJob, ClipMaker, Made
from pipeline.adapters.object_store import ObjectStore
from pipeline.adapters.scratch import Scratch
from pipeline.domain import keys
from pipeline.domain.clip_recipe import RECIPES, AnyRecipe, ClipRecipe, Excerpt
from pipeline.domain.custody import CustodyEvent
from pipeline.domain.digest import Sha256
from pipeline.domain.encoding import (
    Encoding,
    Piece,
    Wanted,
    pieces_of,
    recipes_for,
    runs_of,
)
from pipeline.domain.encoding_plan import ClipSource, EncodingPlan, plan_encoding
from pipeline.domain.footage import Chapter, Clip, Location, Original, Recording
from pipeline.domain.ids import ClipId, EncodingId, RecordingId, ReleaseId
from pipeline.domain.media import MediaFacts
from pipeline.domain.transform import PictureMap, TimeMap, Transform
from pipeline.errors import SettingsError, UsageError
from pipeline.records import Database, Session, chapters, clips, custody, damages, encodings, footage
from pipeline.records.encodings import HeldEncoding

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Footage:
    """A recording, and the files that it is."""

    recording: Recording
    chapters: tuple[Chapter, ...]
    originals: tuple[Original, ...]
    is_damaged: bool

    @property
    def facts(self) -> list[MediaFacts]:
        return [chapter.facts for chapter in self.chapters]


@dataclass(frozen=True, slots=True)
class _Place:
    """A clip, and where it lies."""

    clip: Clip
    start_frame: int
    end_frame: int
    pieces: tuple[Piece, ...]

    @property
    def frame_count(self) -> int:
        return self.end_frame - self.start_frame


def encode_clips(
    clip_ids: Sequence[ClipId],
    recipe_names: Sequence[str],
    *,
    release_id: ReleaseId | None = None,
    working_bucket: str,
    store: ObjectStore,
    scratch: Scratch,
    maker: ClipMaker,
    db: Database,
    clock: Callable[[], datetime],
) -> list[EncodingId]:
    """Make what these recipes ask for of these clips, one recording after the other.

    A clip that cannot be an excerpt becomes a standard clip; why is recorded with the release that asked. What an
    encoding is made from is made as well.

    Safe to repeat: an encoding is named by what made it, is recorded as soon as it is stored, and is not made again.

    Args:
        clip_ids: the clips, in any order.
        recipe_names: of `RECIPES`.
        release_id: the release that is to hold them, where one is.
        working_bucket: where encodings lie.
        store: the object store.
        scratch: originals are fetched into it, unless they are there.
        maker: makes clips.
        db: the records.
        clock: what time it is.

    Returns:
        For each clip and recipe, in the order given, what was made or was there.

    Raises:
        UsageError: there is no such clip or recipe.
        DamagedMediaError: a clip does not decode; what was made before it stays.
        RenditionMismatchError: what was made of a clip is not what was planned; likewise.
        MediaToolError: ffmpeg was killed or ran out of something; likewise.
        StoreUnavailableError: S3 did not answer; likewise.
    """
    if unknown := [name for name in recipe_names if name not in RECIPES]:
        raise UsageError(f"expected recipes for clips among {', '.join(RECIPES)}, found {', '.join(unknown)}")
    with db.begin() as session:
        wanted = [clips.get_clip(session, clip_id) for clip_id in clip_ids]
        found = {clip.recording_id: _footage(session, clip.recording_id) for clip in wanted}
    made: dict[tuple[ClipId, str], EncodingId] = {}
    for recording_id, of_recording in found.items():
        places = [_place(clip, of_recording) for clip in wanted if clip.recording_id == recording_id]
        work = _Work(of_recording, working_bucket, store, scratch, maker, db, clock)
        made |= work.make(places, recipe_names, release_id)
    return [made[clip_id, name] for clip_id in clip_ids for name in recipe_names]


@dataclass(frozen=True, slots=True)
class _Work:
    """The making of clips of one recording."""

    footage: _Footage
    working_bucket: str
    store: ObjectStore
    scratch: Scratch
    maker: ClipMaker
    db: Database
    clock: Callable[[], datetime]

    def make(
        self, places: Sequence[_Place], names: Sequence[str], release_id: ReleaseId | None
    ) -> dict[tuple[ClipId, str], EncodingId]:
        """What is asked for of each clip; everything that is lacking is made first."""
        chosen = {
            place.clip.clip_id: recipes_for(
                names, place.pieces, self.footage.facts, is_damaged=self.footage.is_damaged, known=RECIPES
            )
            for place in places
        }
        try:
            self._make_from_originals(places, {clip_id: one.to_make for clip_id, one in chosen.items()})
            self._make_from_encodings(places, {clip_id: one.to_make for clip_id, one in chosen.items()})
        finally:
            for original in self.footage.originals:
                self.scratch.drop(original.digest)
        held = []
        for place in places:
            of_clip = chosen[place.clip.clip_id]
            for asked, recipe in zip(names, of_clip.answers, strict=True):
                because = of_clip.because if isinstance(RECIPES[asked], Excerpt) else None
                held.append(HeldEncoding(place.clip.clip_id, asked, self._id_of(place, recipe), because))
        if release_id is not None:
            with self.db.begin() as session:
                for one in held:
                    encodings.hold(session, release_id, one)
        return {(one.clip_id, one.asked): one.encoding_id for one in held}

    def _make_from_originals(self, places: Sequence[_Place], asked: Mapping[ClipId, Sequence[AnyRecipe]]) -> None:
        lacking: dict[ClipId, list[AnyRecipe]] = {}
        with self.db.begin() as session:
            for place in places:
                own = [one for one in asked[place.clip.clip_id] if _parent_of(one) is None]
                lacking[place.clip.clip_id] = [
                    one for one in own if encodings.find_encoding(session, self._id_of(place, one)) is None
                ]
        by_id = {place.clip.clip_id: place for place in places}
        for clip_id, recipes in lacking.items():
            if any(isinstance(recipe, Excerpt) for recipe in recipes):
                self._excerpt(by_id[clip_id])
        to_encode = [
            Wanted(clip_id, by_id[clip_id].start_frame, by_id[clip_id].end_frame)
            for clip_id, recipes in lacking.items()
            if any(isinstance(recipe, ClipRecipe) for recipe in recipes)
        ]
        video = self.footage.recording.facts.video
        for run in runs_of(to_encode, video.frame_rate, pixels=video.width_px * video.height_px):
            self._encode([by_id[one.clip_id] for one in run], lacking)

    def _encode(self, run: Sequence[_Place], lacking: Mapping[ClipId, Sequence[AnyRecipe]]) -> None:
        jobs = [
            ClipJob(
                str(place.clip.clip_id),
                place.pieces,
                tuple(
                    self._plan(place, recipe)
                    for recipe in lacking[place.clip.clip_id]
                    if isinstance(recipe, ClipRecipe)
                ),
            )
            for place in run
        ]
        sources = {piece.chapter: self._file(piece.chapter) for place in run for piece in place.pieces}
        with self.scratch.folder() as folder:
            made = self.maker.encode(
                jobs, sources, self.footage.facts, target_dir=folder, is_damaged=self.footage.is_damaged
            )
            for place, job in zip(run, jobs, strict=True):
                for plan, one in zip(job.plans, made[job.name], strict=True):
                    inputs = self._inputs(place)
                    self._keep(place, plan.recipe, inputs, one, plan.transform)

    def _excerpt(self, place: _Place) -> None:
        (piece,) = place.pieces
        facts = self.footage.facts[piece.chapter]
        recipe = next(recipe for recipe in RECIPES.values() if isinstance(recipe, Excerpt))
        with self.scratch.folder() as folder:
            made = self.maker.excerpt(self._file(piece.chapter), facts, piece, target=folder / "excerpt.mp4")
            source = ClipSource.of(facts, place.frame_count)
            unchanged = Transform(
                TimeMap.unchanged(place.clip.span.duration_s), PictureMap.unchanged(source.width_px, source.height_px)
            )
            self._keep(place, recipe, self._inputs(place), made, unchanged)

    def _make_from_encodings(self, places: Sequence[_Place], asked: Mapping[ClipId, Sequence[AnyRecipe]]) -> None:
        for place in places:
            for recipe in asked[place.clip.clip_id]:
                parent = _parent_of(recipe)
                if parent is None or not isinstance(recipe, ClipRecipe):
                    continue
                with self.db.begin() as session:
                    first = encodings.get_encoding(session, self._id_of(place, parent))
                    known = encodings.find_encoding(session, self._id_of(place, recipe))
                if known is None:
                    self._make_variant(place, recipe, first)

    def _make_variant(self, place: _Place, recipe: ClipRecipe, first: Encoding) -> None:
        with self.scratch.folder() as folder:
            source = folder / "source.mp4"
            at = first.at
            self.store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=first.digest)
            facts = self.maker.probe(source)
            plan = plan_encoding(recipe, ClipSource.of(facts, first.frame_count), place.clip.clip_id)
            job = ClipJob(str(place.clip.clip_id), (Piece(0, 0, first.frame_count),), (plan,))
            ((made,),) = self.maker.encode([job], {0: source}, [facts], target_dir=folder / "made").values()
            self._keep(place, recipe, (first.digest,), made, first.transform.then(plan.transform))

    def _keep(
        self, place: _Place, recipe: AnyRecipe, inputs: tuple[Sha256, ...], made: Made, transform: Transform
    ) -> None:
        """Store one file and record it: from here on it is not made again."""
        with made.path.open("rb") as stream:
            digest = Sha256.of_stream(stream)
        clip_id, tool_identity = place.clip.clip_id, self.maker.identity
        encoding_id = Encoding.id_for(clip_id, recipe.digest, inputs, tool_identity)
        stored = self.store.put_once(
            self.working_bucket,
            keys.encoding_key(clip_id, encoding_id, digest),
            made.path,
            digest=digest,
            media_type="video/mp4",
        )
        encoding = Encoding(
            encoding_id=encoding_id,
            clip_id=clip_id,
            recipe_name=recipe.name,
            recipe_version=recipe.version,
            recipe_digest=recipe.digest,
            tool_identity=tool_identity,
            inputs=inputs,
            digest=digest,
            at=Location(stored.bucket, stored.key, stored.version_id),
            size_bytes=stored.size_bytes,
            frame_count=made.frame_count,
            frame_rate=made.frame_rate,
            width_px=made.width_px,
            height_px=made.height_px,
            video_codec=made.video_codec,
            audio_codec=made.audio_codec,
            transform=transform,
            encoded_at=self.clock(),
        )
        with self.db.begin() as session:
            if encodings.add_encoding(session, encoding):
                custody.append(session, _was_encoded(encoding))
        log.info("clip_encoded", clip_id=str(clip_id), encoding_id=str(encoding_id), recipe=recipe.name)

    def _id_of(self, place: _Place, recipe: AnyRecipe) -> EncodingId:
        """What this tool would make of a clip by a recipe; what it is made from must be there."""
        parent = _parent_of(recipe)
        inputs = self._inputs(place)
        if parent is not None:
            with self.db.begin() as session:
                inputs = (encodings.get_encoding(session, self._id_of(place, parent)).digest,)
        return Encoding.id_for(place.clip.clip_id, recipe.digest, inputs, self.maker.identity)

    def _inputs(self, place: _Place) -> tuple[Sha256, ...]:
        return tuple(self.footage.chapters[piece.chapter].digest for piece in place.pieces)

    def _plan(self, place: _Place, recipe: ClipRecipe) -> EncodingPlan:
        source = ClipSource.of(self.footage.recording.facts, place.frame_count)
        return plan_encoding(recipe, source, place.clip.clip_id)

    def _file(self, chapter: int) -> Path:
        original = self.footage.originals[chapter]
        source, at = self.scratch.file_for(original.digest), original.at
        if not source.exists():
            self.store.fetch(at.bucket, at.key, source, version_id=at.version_id, expect=original.digest)
        return source


def _parent_of(recipe: AnyRecipe) -> ClipRecipe | None:
    """The recipe whose encoding this one is made from."""
    if not isinstance(recipe, ClipRecipe) or recipe.made_from is None:
        return None
    parent = RECIPES[recipe.made_from]
    if not isinstance(parent, ClipRecipe):
        raise SettingsError(f"recipe {recipe.name} cannot be made from {parent.name}")
    return parent


def _footage(session: Session, recording_id: RecordingId) -> _Footage:
    recording = footage.get_recording(session, recording_id)
    parts = chapters.chapters_of(session, recording)
    originals = tuple(footage.get_original(session, digest) for digest in recording.originals)
    return _Footage(recording, parts, originals, damages.find_damage(session, recording_id) is not None)


def _place(clip: Clip, of_recording: _Footage) -> _Place:
    rate = of_recording.recording.frame_rate
    start_frame, end_frame = round(clip.span.start_s * rate), round(clip.span.end_s * rate)
    return _Place(clip, start_frame, end_frame, pieces_of(start_frame, end_frame, of_recording.chapters))


def _was_encoded(made: Encoding) -> CustodyEvent:
    return CustodyEvent(
        "encoded",
        "encoding",
        str(made.encoding_id),
        made.encoded_at,
        {
            "clip_id": str(made.clip_id),
            "digest": made.digest.hex,
            "version_id": made.at.version_id,
            "recipe": made.recipe_digest.hex,
            "inputs": ",".join(digest.hex for digest in made.inputs),
            "tool": made.tool_identity,
        },
    )
