"""warn and soften, with real ffmpeg: the same frames, grey, without detail and silent."""

import subprocess
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from pipeline.domain.ids import ClipId
from pipeline.errors import NotPermittedError, UsageError
from pipeline.records import clips, softened
from pipeline.steps.mark import mark_gold, warn_of_clip
from pipeline.steps.soften import soften_clips
from pipeline.workbench import Workbench
from tests.census import census
from tests.footage import make_clip
from tests.stages import Stages
from tests.steps.conftest import Events


def soften(bench: Workbench) -> list[ClipId]:
    return soften_clips(
        working_bucket=bench.settings.s3_working_bucket,
        reader=bench.settings.s3_clip_reader,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
    )


def pixels(path: Path) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
    """The first frame, as red, green and blue."""
    argv = ["ffmpeg", "-v", "error", "-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    return np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.uint8).reshape(-1, 3)


def loudest(path: Path) -> int:
    argv = ["ffmpeg", "-v", "error", "-i", path, "-f", "s16le", "-ac", "1", "-"]
    sound = np.frombuffer(subprocess.run(argv, capture_output=True, check=True).stdout, np.int16)
    return int(np.abs(sound.astype(int)).max())


def test_a_clip_that_somebody_warned_of_is_softened_once(bench: Workbench, tmp_path: Path, events: Events) -> None:
    clip_id, *_ = Stages(bench).ingest(make_clip(tmp_path / "footage.mp4", seconds=1))
    assert soften(bench) == []
    assert warn_of_clip(clip_id, by="j.doe", because="a wound", db=bench.db, clock=bench.clock)
    assert soften(bench) == [clip_id]
    before = census(bench)
    assert soften(bench) == []
    assert not warn_of_clip(clip_id, by="j.doe", because="a wound", db=bench.db, clock=bench.clock)
    assert census(bench) == before
    with bench.db.begin() as session:
        (soft,) = softened.all_softened(session)
        made = clips.rendition_of_clip(session, clip_id)
    filmed, shown = tmp_path / "filmed.mp4", tmp_path / "shown.mp4"
    bench.store.fetch(made.at.bucket, made.at.key, filmed, expect=made.digest)
    bench.store.fetch(soft.at.bucket, soft.at.key, shown, expect=soft.digest)
    assert (soft.clip_digest, soft.clip_id) == (made.digest, clip_id)
    was, now = pixels(filmed).astype(int), pixels(shown).astype(int)
    assert np.ptp(was, axis=1).max() > 100
    assert np.ptp(now, axis=1).max() < 12
    assert bench.media.probe(shown).video.packet_count == made.frame_count
    assert loudest(filmed) > 500
    assert loudest(shown) < 4
    assert [kind for kind, _ in events(clip_id)][-2:] == ["warned", "softened"]
    Stages(bench).verify()


def test_who_and_why_must_be_told(bench: Workbench) -> None:
    nobody = ClipId(UUID(int=1))
    for by, because in (("J Doe", "a wound"), ("j.doe", "x")):
        with pytest.raises(UsageError):
            warn_of_clip(nobody, by=by, because=because, db=bench.db, clock=bench.clock)
    with pytest.raises(NotPermittedError, match="no adjudicated answer"):
        mark_gold(nobody, taxonomy=bench.taxonomy, by="j.doe", because="clear", db=bench.db, clock=bench.clock)
