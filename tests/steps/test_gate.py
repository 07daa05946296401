"""gate: only clips that play in a browser, frame for frame as planned, are ever sent out; the others are told."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.domain.digest import Sha256
from pipeline.domain.footage import Clip, Location
from pipeline.domain.ids import ClipId
from pipeline.errors import DigestMismatchError
from pipeline.lookup.labelling_checks import unplayable_clips
from pipeline.records import clips, gates
from pipeline.steps.gate import Gated, gate_clips
from pipeline.workbench import Workbench
from tests.benches import raw_client
from tests.builders import a_chain, a_clip, a_clip_rendition, add_chain
from tests.census import census
from tests.databases import Databases
from tests.dying import dies_while_recording
from tests.footage import make_clip as make_any_clip
from tests.stages import Stages
from tests.steps.conftest import Events

FRAMES = 60
FASTSTART = "-frames:v 60 -movflags +faststart"
Unlike = Callable[[Path], Path]
UNLIKE: dict[str, tuple[Unlike, str]] = {
    "without sound": (
        lambda folder: make_clip(folder / "clip.mp4", audio=None, output_options=FASTSTART),
        "expected sound aac, found none",
    ),
    "with its index at the end": (
        lambda folder: make_clip(folder / "clip.mp4", output_options="-frames:v 60"),
        "expected index before the media, found it after the media",
    ),
    "with a frame too few": (
        lambda folder: make_clip(folder / "clip.mp4", output_options="-frames:v 59 -movflags +faststart"),
        "expected frames 60, found 59",
    ),
    "at another rate": (
        lambda folder: make_clip(folder / "clip.mp4", rate="25", output_options=FASTSTART),
        "expected frames a second 30000/1001, found 25",
    ),
    "that is no media": (lambda folder: _bytes(folder, b"not a film"), "UnreadableMediaError: "),
}


def make_clip(target: Path, *, rate: str = "30000/1001", seconds: float = 3, **more: str | None) -> Path:
    return make_any_clip(target, seconds=seconds, rate=rate, **more)  # type: ignore[arg-type] # the options of it


def _bytes(folder: Path, content: bytes) -> Path:
    path = folder / "clip.mp4"
    path.write_bytes(content)
    return path


def gate(bench: Workbench) -> Gated:
    return gate_clips(
        taxonomy=bench.taxonomy,
        store=bench.store,
        scratch=bench.scratch,
        media=bench.media,
        db=bench.db,
        clock=bench.clock,
        jobs=2,
    )


def record(bench: Workbench, made: dict[str, Path]) -> dict[str, Clip]:
    """Clips of one recording, with these bytes, of which nobody knows yet how they play."""
    chain = a_chain("to be gated", clip_count=0)
    cut: dict[str, Clip] = {}
    with bench.db.begin() as session:
        add_chain(session, chain)
        for ordinal, (name, path) in enumerate(made.items()):
            digest, clip = Sha256.of(path.read_bytes()), a_clip(chain.recording, ordinal)
            bucket, key = bench.settings.s3_working_bucket, f"clips/gate/{digest}.mp4"
            kept = bench.store.put_once(bucket, key, path, digest=digest, media_type="video/mp4")
            at = Location(kept.bucket, kept.key, kept.version_id)
            clips.add_clip(session, clip)
            made_of = a_clip_rendition(clip, chain.rendition, digest=digest, at=at, frame_count=FRAMES)
            clips.add_clip_rendition(session, made_of)
            cut[name] = clip
    return cut


def playable(bench: Workbench) -> set[ClipId]:
    with bench.db.begin() as session:
        return gates.playable_clips(session)


def test_what_ingest_cuts_passes_and_is_checked_once(bench: Workbench, tmp_path: Path, events: Events) -> None:
    clip_ids = Stages(bench).ingest(make_clip(tmp_path / "footage.mp4"))
    assert gate(bench) == Gated(checked=len(clip_ids), failed=0)
    assert playable(bench) == set(clip_ids)
    for clip_id in clip_ids:
        kind, details = events(clip_id)[-1]
        assert (kind, details["misfits"]) == ("playable", "")
    before = census(bench)
    assert gate(bench) == Gated(0, 0)
    assert census(bench) == before
    assert unplayable_clips(bench.db) == []


def test_each_way_in_which_a_page_would_go_wrong_is_told_and_nothing_of_it_is_sent(
    own_bench: Workbench, tmp_path: Path
) -> None:
    made = {}
    for number, (name, (make, _)) in enumerate(UNLIKE.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        made[name] = make(folder)
    made["good"] = make_clip(tmp_path / "good.mp4", output_options=FASTSTART)
    cut = record(own_bench, made)
    assert gate(own_bench) == Gated(checked=len(made), failed=len(UNLIKE))
    assert playable(own_bench) == {cut["good"].clip_id}
    told = {line.clip_id: line.reason for line in unplayable_clips(own_bench.db)}
    assert set(told) == {cut[name].clip_id for name in UNLIKE}
    for name, (_, reason) in UNLIKE.items():
        assert reason in told[cut[name].clip_id], name
    with own_bench.db.begin() as session:
        failed = gates.failed_gates(session)
    assert all(not gate.passed and gate.tool_identity == own_bench.media.identity for gate in failed)


def test_bytes_that_are_not_those_that_were_cut_are_told_as_such(own_bench: Workbench, tmp_path: Path) -> None:
    good = make_clip(tmp_path / "good.mp4", output_options=FASTSTART)
    cut = record(own_bench, {"good": good})
    bucket = own_bench.settings.s3_working_bucket
    key = f"clips/gate/{Sha256.of(good.read_bytes())}.mp4"
    other = raw_client(own_bench).put_object(Bucket=bucket, Key=key, Body=b"others")
    chain = a_chain("recorded wrongly", clip_count=1)
    (clip,) = chain.clips
    with own_bench.db.begin() as session:
        add_chain(session, replace(chain, clips=(), made=()))
        clips.add_clip(session, clip)
        at = Location(bucket, key, other["VersionId"])
        clips.add_clip_rendition(session, a_clip_rendition(clip, chain.rendition, digest=Sha256.of(b"cut"), at=at))
    with pytest.raises(DigestMismatchError):
        gate(own_bench)
    assert playable(own_bench) <= {cut["good"].clip_id}


def test_dying_while_recording_leaves_nothing_half_checked(
    own_bench: Workbench, tmp_path: Path, databases: Databases
) -> None:
    record(own_bench, {"good": make_clip(tmp_path / "good.mp4", output_options=FASTSTART)})
    before = census(own_bench)
    dies_while_recording(own_bench, databases, lambda: gate(own_bench))
    assert census(own_bench) == before
    assert gate(own_bench) == Gated(1, 0)
    assert census(own_bench).new_rows(before) == {"media_gates": 1, "custody_events": 1}
