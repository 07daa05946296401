from collections.abc import Callable
from datetime import UTC

import pytest

from pipeline.errors import UsageError
from pipeline.lookup.lineage import Thing, show
from pipeline.lookup.naming import Ref
from tests.builders import CAMERA, EXERCISE
from tests.furnished import Furnished

Explain = Callable[[object], Thing]


@pytest.fixture
def explain(furnished: Furnished) -> Explain:
    return lambda thing_id: show(furnished.bench.db, str(thing_id))


def kinds(thing: Thing) -> list[str]:
    return [happening.kind for happening in thing.happenings]


def test_an_exercise_tells_what_was_declared_and_what_was_recorded(furnished: Furnished, explain: Explain) -> None:
    found = explain(EXERCISE)
    assert found.ref == Ref("exercise", EXERCISE)
    assert found.facts["recordings"] == "1"
    assert found.facts["worn"] == f"{CAMERA} by OFFICER-7"
    assert found.facts["weapons"] == "carbine (blank)"
    assert found.became == (Ref("recording", str(furnished.chain.recording.recording_id)),)
    assert kinds(found) == []


def test_an_upload_tells_what_it_turned_out_to_be(furnished: Furnished, explain: Explain) -> None:
    chain = furnished.chain
    found = explain(chain.upload.upload_id)
    assert (found.facts["state"], found.facts["original_name"]) == ("preserved", chain.upload.original_name)
    assert found.facts["object"] == f"s3://{chain.upload.at.bucket}/{chain.upload.at.key}"
    assert found.came_from == (Ref("exercise", EXERCISE),)
    assert found.became == (Ref("original", chain.original.digest.hex),)
    assert kinds(found) == ["received"]


def test_a_refused_upload_tells_why(furnished: Furnished, explain: Explain) -> None:
    found = explain(furnished.quarantined)
    assert found.facts["state"] == "quarantined"
    assert "expected frames, found [none]" in found.facts["refused_because"]
    assert found.became == ()
    assert kinds(found) == ["received", "quarantined"]
    stray = explain(furnished.stray)
    assert (stray.facts["exercise"], stray.came_from) == ("unknown", ())


def test_an_upload_without_an_exercise_waits(furnished: Furnished, explain: Explain) -> None:
    found = explain(furnished.waiting)
    assert (found.facts["state"], found.facts["exercise"]) == ("waits for its exercise", "unknown")


def test_an_original_tells_its_uploads_and_its_recording(furnished: Furnished, explain: Explain) -> None:
    chain = furnished.chain
    found = explain(chain.original.digest)
    assert found.facts["sha256"] == chain.original.digest.hex
    assert found.came_from == (Ref("upload", str(chain.upload.upload_id)),)
    assert found.became == (Ref("recording", str(chain.recording.recording_id)),)


def test_a_recording_tells_its_renditions_and_clips(furnished: Furnished, explain: Explain) -> None:
    chain = furnished.chain
    found = explain(chain.recording.recording_id)
    assert (found.facts["frame_rate"], found.facts["duration_s"]) == ("30000/1001", "30.030")
    assert found.facts["picture"] == "1920x1080 h264"
    assert found.facts["sound"] == "aac 48000 Hz"
    assert found.came_from == (Ref("original", chain.original.digest.hex),)
    assert found.became == (
        Ref("rendition", str(chain.rendition.rendition_id)),
        *(Ref("clip", str(clip.clip_id)) for clip in chain.clips),
    )


def test_a_rendition_tells_how_it_was_made_and_its_clips(furnished: Furnished, explain: Explain) -> None:
    chain = furnished.chain
    found = explain(chain.rendition.rendition_id)
    assert (found.facts["recipe"], found.facts["cut_because"]) == ("viewing", "because")
    assert found.came_from == (Ref("recording", str(chain.recording.recording_id)),)
    assert found.became == tuple(Ref("clip", str(clip.clip_id)) for clip in chain.clips)


def test_a_clip_tells_all_it_came_from_and_all_that_came_from_it(furnished: Furnished, explain: Explain) -> None:
    chain = furnished.chain
    found = explain(chain.clips[1].clip_id)
    assert found.facts["span_exact"] == "[1001/100, 1001/50)"
    assert found.facts["sha256"] == chain.made[1].digest.hex
    assert found.came_from == (
        Ref("recording", str(chain.recording.recording_id)),
        Ref("rendition", str(chain.rendition.rendition_id)),
    )
    assert set(found.became) == {
        *(Ref("annotation", str(annotation_id)) for annotation_id in furnished.annotations[2:]),
        Ref("release", str(furnished.published)),
        Ref("release", str(furnished.drafted)),
    }
    assert kinds(found) == ["cut"]


def test_an_annotation_tells_what_was_said(furnished: Furnished, explain: Explain) -> None:
    found = explain(furnished.annotations[0])
    assert found.facts["events"] == "shot_fired 1.000 to 1.033 s"
    assert "threat_level: active" in found.facts["answers"]
    assert found.came_from == (Ref("clip", str(furnished.chain.clips[0].clip_id)),)
    assert kinds(found) == ["labelled"]


def test_a_refused_annotation_tells_why(furnished: Furnished, explain: Explain) -> None:
    found = explain(furnished.refused_annotation)
    assert found.facts["refused_because"] == "label 1: [nonsense] is no word"
    assert "events" not in found.facts
    assert kinds(found) == ["labels_refused"]


def test_a_release_tells_how_far_it_is_and_its_clips(furnished: Furnished, explain: Explain) -> None:
    found = explain("attack-early@1.0.0")
    assert (found.facts["state"], found.facts["refused"]) == ("published", "1")
    assert found.facts["manifest"].endswith("/attack-early/releases/1.0.0/release.json")
    assert set(found.came_from) == {Ref("clip", str(clip.clip_id)) for clip in furnished.chain.clips[:2]}
    assert kinds(found) == ["drafted", "sealed", "published"]
    assert found.happenings[1].details == {"manifest": found.facts["manifest_sha256"]}
    assert all(happening.at.tzinfo is not None for happening in found.happenings)
    assert [happening.at for happening in found.happenings] == sorted(
        happening.at.astimezone(UTC) for happening in found.happenings
    )
    drafted = explain(furnished.drafted)
    assert drafted.facts["state"] == "drafted"
    assert "manifest" not in drafted.facts


def test_what_is_not_there_is_told(explain: Explain) -> None:
    with pytest.raises(UsageError, match="nothing is called 'no-such-thing'"):
        explain("no-such-thing")
