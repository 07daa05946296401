from pathlib import Path

import pytest

from pipeline.domain.digest import Sha256
from pipeline.workbench import Workbench
from tests.benches import environment_of, raw_client
from tests.builders import CAMERA, EXERCISE
from tests.flows.cli.conftest import Run
from tests.furnished import Furnished
from tests.stored import content_of, store_chain

LISTS = ["exercises", "recordings", "clips", "releases", "quarantine", "audits"]


def test_recordings_as_json_hold_exact_times(look: Run, furnished: Furnished) -> None:
    recording = furnished.chain.recording
    assert look("recordings", "--json").items("recordings") == [
        {
            "recording_id": str(recording.recording_id),
            "exercise_id": EXERCISE,
            "camera_serial": CAMERA,
            "duration_s": "3003/100",
            "frame_rate": "30000/1001",
            "width_px": 1920,
            "height_px": 1080,
            "has_audio": True,
            "companions": [],
            "clips": 3,
            "damage": None,
            "impulse_hints": 2,
            "speech_hints": 1,
            "probed_at": "2026-11-22T12:00:00+00:00",
            "began_at": "2026-11-22T12:00:00+00:00",
            "began_uncertainty_s": "50400",
            "began_because": "the container's creation time, which may be local time labelled as UTC",
            "began_disagreements": [],
        }
    ]


def test_clips_as_json_hold_exact_times(look: Run, furnished: Furnished) -> None:
    found = look("clips", "--json").items("clips")
    assert [clip["clip_id"] for clip in found] == [str(clip.clip_id) for clip in furnished.chain.clips]
    assert [(clip["start_s"], clip["end_s"]) for clip in found] == [
        ("0", "1001/100"),
        ("1001/100", "1001/50"),
        ("1001/50", "3003/100"),
    ]


def test_what_is_not_known_is_null_and_never_left_out(look: Run) -> None:
    drafted = look("releases", "--json").items("releases")[1]
    assert (drafted["state"], drafted["manifest_sha256"]) == ("drafted", None)
    stray = look("quarantine", "--json").items("quarantine")[1]
    assert (stray["exercise_id"], stray["camera_serial"]) == (None, None)


@pytest.mark.parametrize(
    ("words", "count"),
    [
        (["clips", "--exercise", EXERCISE], 3),
        (["clips", "--exercise", "EX-2026-015"], 0),
        (["recordings", "--exercise", EXERCISE], 1),
        (["recordings", "--exercise", "EX-2026-015"], 0),
    ],
)
def test_lists_can_be_narrowed_to_an_exercise(look: Run, words: list[str], count: int) -> None:
    assert len(look(*words, "--json").items(words[0])) == count


def test_clips_can_be_narrowed_to_a_recording_by_the_beginning_of_its_id(look: Run, furnished: Furnished) -> None:
    recording_id = str(furnished.chain.recording.recording_id)
    assert len(look("clips", "--recording", recording_id[:8], "--json").items("clips")) == 3
    clip_id = str(furnished.chain.clips[0].clip_id)
    look("clips", "--recording", clip_id).failed(2, f"expected a recording, found clip {clip_id}")


@pytest.mark.parametrize("name", LISTS)
def test_people_see_a_table_with_a_heading(look: Run, name: str) -> None:
    shown = look(name)
    assert (shown.code, shown.err) == (0, "")
    rows = len(look(name, "--json").items(name))
    assert len(shown.out.splitlines()) == 1 + rows


@pytest.mark.parametrize("name", LISTS)
def test_where_there_is_nothing_people_read_a_sentence_and_programs_an_empty_list(
    run: Run, own_bench: Workbench, name: str
) -> None:
    settings = environment_of(own_bench)
    assert run(name, "--json", **settings).items(name) == []
    shown = run(name, **settings)
    assert (shown.code, len(shown.out.splitlines())) == (0, 1)
    assert shown.out.startswith(("No ", "Nothing "))


def test_what_a_file_is_called_is_only_text(look: Run, furnished: Furnished) -> None:
    for shown in (look("quarantine"), look("show", furnished.stray)):
        assert shown.code == 0
        assert "[/bold][red] Jane's day[31m é.mp4" in shown.out
        assert "\x1b" not in shown.out
    assert "[none]" in look("show", furnished.quarantined).out


def things(furnished: Furnished) -> list[tuple[str, object]]:
    chain = furnished.chain
    return [
        ("exercise", EXERCISE),
        ("upload", chain.upload.upload_id),
        ("upload", furnished.quarantined),
        ("original", chain.original.digest),
        ("recording", chain.recording.recording_id),
        ("rendition", chain.rendition.rendition_id),
        ("clip", chain.clips[0].clip_id),
        ("annotation", furnished.annotations[0]),
        ("annotation", furnished.refused_annotation),
        ("release", furnished.published),
        ("release", furnished.drafted),
    ]


def test_every_kind_of_thing_can_be_shown_to_people_and_to_programs(look: Run, furnished: Furnished) -> None:
    for kind, thing_id in things(furnished):
        (thing,) = look("show", thing_id, "--json").items("things")
        assert thing["ref"] == {"kind": kind, "thing_id": str(thing_id)}
        assert all(isinstance(value, str) for value in thing["facts"].values())
        shown = look("show", thing_id)
        assert (shown.code, shown.err) == (0, "")
        assert shown.out.startswith(f"{kind} {thing_id}\n")
        for ref in thing["came_from"] + thing["became"]:
            assert f"  {ref['kind']} {ref['thing_id']}\n" in shown.out
        for happening in thing["happenings"]:
            assert f"  {happening['kind']}  " in shown.out


def test_a_release_can_be_shown_by_its_name(look: Run, furnished: Furnished) -> None:
    (thing,) = look("show", "attack-early@1.0.0", "--json").items("things")
    assert thing["ref"]["thing_id"] == str(furnished.published)
    assert [happening["kind"] for happening in thing["happenings"]] == ["drafted", "sealed", "published"]


@pytest.mark.parametrize("words", ["show nowhere", "get nowhere /dev/null", "clips --recording nowhere"])
def test_what_is_not_there_ends_with_2_and_one_message(look: Run, words: str) -> None:
    ended = look(*words.split())
    ended.failed(2, "nothing is called 'nowhere': expected an exercise id, a release as NAME@VERSION")
    assert len(ended.err.splitlines()) == 1


def test_bytes_arrive_verified(look: Run, furnished: Furnished, tmp_path: Path) -> None:
    clip_id = furnished.chain.clips[0].clip_id
    content = content_of(clip_id)
    (fetched,) = look("get", clip_id, tmp_path / "clip.mp4", "--json").items("fetched")
    assert (tmp_path / "clip.mp4").read_bytes() == content
    assert fetched == {
        "ref": {"kind": "clip", "thing_id": str(clip_id)},
        "path": str(tmp_path / "clip.mp4"),
        "digest": Sha256.of(content).hex,
        "size_bytes": len(content),
    }
    shown = look("get", str(clip_id)[:8], tmp_path)
    assert shown.out == f"{tmp_path / f'{clip_id}.mp4'}  {len(content)} bytes  sha256 {Sha256.of(content)} (verified)\n"
    look("get", clip_id, tmp_path / "nowhere" / "clip.mp4").failed(2, "nowhere does not exist")
    look("get", EXERCISE, tmp_path).failed(2, "a thing of kind exercise has no bytes")


def test_bytes_that_are_gone_end_with_3_and_no_file(run: Run, own_bench: Workbench, tmp_path: Path) -> None:
    chain = store_chain(own_bench, "taken", clip_count=1)
    at, settings = chain.made[0].at, environment_of(own_bench)
    raw_client(own_bench).delete_object(Bucket=at.bucket, Key=at.key, VersionId=at.version_id)
    run("get", chain.clips[0].clip_id, tmp_path / "clip.mp4", **settings).failed(3, "MissingObject", at.key)
    assert list(tmp_path.glob("clip*")) == []
