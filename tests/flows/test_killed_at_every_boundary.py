"""Killed after any act, and started again, the route makes what it would have made: nothing less, nothing twice.

Each process here dies after the first thing that it adds to the world, so that every boundary is one that somebody died
at. An ffmpeg adds nothing: who dies while it runs leaves its work to be done again.
"""

import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from pipeline.domain import keys
from pipeline.domain.release import Manifest
from pipeline.partner import StoreCredentials, pull
from pipeline.records import alignments, annotations, clips, sound_hints
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, an_answer
from tests.benches import Benches
from tests.census import census
from tests.flows.killing import ENDED, KILLED, Mortals, World, Worlds, left_behind
from tests.flows.mortal import taxonomy_with
from tests.footage import make_clip, make_trait
from tests.microphones import Scene
from tests.sounds import write_wav
from tests.stack_fixtures import SessionStack
from tests.stages import Stages
from tests.stored import answer, store_chain, store_unheard

Lives = list[list[str]]
"""What one process after the other does until it is killed."""

OF_INGEST: Lives = [
    ["record"],  # two uploads are received: footage, and a text that calls itself so
    *(["put"], ["put"], ["record"]),  # both are small, and preserved together
    ["record"],  # and probed
    *(["ffmpeg"], ["ffmpeg", "record"]),  # described
    *(["ffmpeg"], ["ffmpeg", "record"]),  # its streams are digested
    # Rendered: encoded, put together, and five things kept: the rendition, measures, thumbnails, the sheet, the sound.
    *(["ffmpeg"], ["ffmpeg", "ffmpeg"], *[["ffmpeg", "ffmpeg", "put"]] * 5, ["ffmpeg", "ffmpeg", "record"]),
    # Its pictures are hashed (black bars are looked for first), and compared.
    *(["ffmpeg"], ["ffmpeg", "ffmpeg"], ["ffmpeg", "ffmpeg", "record"], ["ffmpeg", "ffmpeg", "record", "record"]),
    *(["record"], ["record"]),  # listened to, and judged
    *(["ffmpeg"], ["ffmpeg", "put"], ["ffmpeg", "put"], ["ffmpeg", "record"]),  # cut into two clips
    ["record"],  # the text is refused
    ["record"],  # the exercise is aligned
]
OF_LOOKING_AGAIN: Lives = [
    ["record"],  # two are listened to, by both detectors
    ["record"],
    ["record"],  # their sounds are compared
    ["record"],  # the exercise is aligned
]
OF_SUBMIT: Lives = [
    ["change"],  # the project is made
    ["change"],  # it is given its instruction
    ["change"],  # it is told where the clips are
    ["change"],  # the tasks are pushed
    ["record"],
]
OF_COLLECT: Lives = [*[["record"]] * 6, ["record"]]
"""Two answers to each of three clips, and up to when everything was read."""
OF_SELECT: Lives = [["record"]]
OF_ENCODE: Lives = [
    # Both come from one decode; who dies after the first was recorded makes the second alone, of the same bytes.
    *(["ffmpeg"], ["ffmpeg", "put"], ["ffmpeg", "record"], ["ffmpeg", "put"], ["ffmpeg", "record"]),
    *(["ffmpeg"], ["ffmpeg", "put"], ["ffmpeg", "record"]),  # the second generation is made from the 360p variant
    ["record"],  # the release holds them
]
OF_SEAL: Lives = [*[["put"]] * 6, ["record"]]
"""Five tables and the taxonomy."""
OF_PUBLISH = Counter(put=3 + 6 + 1, record=1)
"""Clips (several at once, so that one may arrive while another's sender dies), what was sealed, the manifest."""


def live_and_die(
    mortals: Mortals, world: Workbench, stage: str, *parameters: str, lives: Lives, **options: int
) -> None:
    """Let one process after another do a little and be killed."""
    for number, life in enumerate(lives):
        ended = mortals.run(world, stage, *parameters, dies_after=len(life), **options)
        assert ended == (KILLED, life), f"life {number}: {mortals.said()}"
        if "ffmpeg" in life:
            assert left_behind(world.settings.scratch_dir) == []


def test_an_ingest_killed_at_every_boundary(mortals: Mortals, benches: Benches, worlds: Worlds, tmp_path: Path) -> None:
    intake = benches.make(tmp_path / "intake")
    for path in (make_clip(tmp_path / "two_clips.mp4", seconds=14, rate="10"), make_trait("text", tmp_path / "text")):
        Stages(intake).upload(path)
    undisturbed, world = worlds.empty(intake_of=intake), worlds.empty(intake_of=intake)
    assert mortals.run(undisturbed, "ingest")[0] == ENDED, mortals.said()
    live_and_die(mortals, world, "ingest", lives=OF_INGEST)
    assert mortals.run(world, "ingest") == (ENDED, []), mortals.said()
    made = World.of(world)
    assert made == World.of(undisturbed)
    assert (made.rows["clips"], made.rows["quarantines"]) == (2, 1)
    assert mortals.run(world, "audit") == (ENDED, ["record"]), mortals.said()
    assert list(world.settings.scratch_dir.iterdir()) == []


def test_looking_again_at_what_an_older_firsthand_cut_killed_at_every_boundary(
    mortals: Mortals, benches: Benches, tmp_path: Path
) -> None:
    world, scene = benches.make(tmp_path / "scratch"), Scene.of(12, seed=5)
    sounds = (write_wav(tmp_path / "sound.wav", scene.heard(at_s, 8)).read_bytes() for at_s in (0, 3))
    films = [store_unheard(world, f"unheard {number}", sound) for number, sound in enumerate(sounds)]
    live_and_die(mortals, world, "look_again", lives=OF_LOOKING_AGAIN)
    assert mortals.run(world, "look_again") == (ENDED, []), mortals.said()
    with world.db.begin() as session:
        assert all(len(sound_hints.listenings_of(session, one.recording_id)) == 2 for one in films)
        alignment = alignments.newest_alignment(session, films[0].exercise_id)
    assert alignment is not None
    assert alignment.number == 1
    stretches = [*alignment.timeline.placements, *alignment.timeline.unplaced]
    assert {one.key.recording_id for one in stretches} == {one.recording_id for one in films}
    assert census(world).rows["sound_comparisons"] == 1


@pytest.fixture
def people(label_studio_stack: SessionStack) -> Iterator[list[Account]]:
    """The administrator and two annotators; then others."""
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    clients = [
        httpx.Client(base_url=url, headers={"Authorization": f"Token {person['token']}"}, timeout=60)
        for person in label_studio_stack.people
        if person["role"] != "adjudicator"
    ]
    yield [Account(client) for client in clients]
    for client in clients:
        client.close()


def test_sending_out_and_fetching_killed_at_every_boundary(
    mortals: Mortals, benches: Benches, people: list[Account], tmp_path: Path
) -> None:
    world, patch = benches.make(tmp_path / "scratch"), os.getpid()
    chain = store_chain(world)
    live_and_die(mortals, world, "submit", lives=OF_SUBMIT, taxonomy_patch=patch)
    assert mortals.run(world, "submit", taxonomy_patch=patch) == (ENDED, []), mortals.said()
    project_ids = {sent.project_id for sent in tasks_of(world, patch)}
    (project_id,) = project_ids
    tasks = people[0].tasks(project_id)
    assert Counter(task["data"]["clip_id"] for task in tasks) == Counter(str(clip.clip_id) for clip in chain.clips)
    for account in people[1:3]:
        for task in tasks:
            account.answer(task["id"], an_answer())
    live_and_die(mortals, world, "collect", lives=OF_COLLECT, taxonomy_patch=patch)
    assert mortals.run(world, "collect", taxonomy_patch=patch) == (ENDED, []), mortals.said()
    rows = World.of(world).rows
    assert (rows["annotation_tasks"], rows["annotations"]) == (3, 6)
    people[0].http.delete(f"/api/projects/{project_id}/").raise_for_status()


def tasks_of(world: Workbench, patch: int) -> list[annotations.SentTask]:
    with world.db.begin() as session:
        return list(annotations.tasks_under(session, taxonomy_with(patch).digest).values())


def test_a_release_killed_at_every_boundary(
    mortals: Mortals, benches: Benches, worlds: Worlds, postgres_s3_stack: SessionStack, tmp_path: Path
) -> None:
    labelled = benches.make(tmp_path / "labelled")
    for clip in store_chain(labelled).clips:
        answer(labelled, clip)
    undisturbed, world = worlds.copy(labelled), worlds.copy(labelled)
    name = ("attack-early", "1.0.0")
    asked = (*name, "viewing")
    live_and_die(mortals, world, "release", *asked, lives=[*OF_SELECT, *OF_SEAL])
    done: Counter[str] = Counter()
    code = KILLED
    while code == KILLED:
        code, acts = mortals.run(world, "release", *asked, dies_after=1)
        done.update(acts)
        assert len(acts) <= 1
    assert code == ENDED, mortals.said()
    assert done <= OF_PUBLISH
    assert mortals.run(undisturbed, "release", *asked)[0] == ENDED, mortals.said()
    assert World.of(world) == World.of(undisturbed)
    assert files_of(world, *name) == files_of(undisturbed, *name)
    credentials = StoreCredentials.from_environment(postgres_s3_stack.partner)
    pulled = pull(f"s3://{world.settings.s3_releases_bucket}/{name[0]}", name[1], tmp_path, credentials=credentials)
    assert pulled.receipt.blobs == 3


def test_encoding_for_a_release_killed_at_every_boundary(
    mortals: Mortals, benches: Benches, worlds: Worlds, tmp_path: Path
) -> None:
    labelled = benches.make(tmp_path / "labelled")
    (clip_id,) = Stages(labelled).ingest(make_clip(tmp_path / "footage.mp4", seconds=1))
    with labelled.db.begin() as session:
        clip = clips.get_clip(session, clip_id)
    answer(labelled, clip)
    undisturbed, world = worlds.copy(labelled), worlds.copy(labelled)
    asked = ("variants", "1.0.0", "standard", "livestream-second-generation")
    live_and_die(mortals, world, "release", *asked, lives=[*OF_SELECT, *OF_ENCODE, *OF_SEAL])
    for of in (world, undisturbed):
        assert mortals.run(of, "release", *asked)[0] == ENDED, mortals.said()
    made = World.of(world)
    assert made == World.of(undisturbed)
    assert (made.rows["clip_encodings"], made.rows["release_encodings"]) == (3, 2)
    # The same bytes at every try: every digest in the manifest, and with it every digest below, is the same.
    assert files_of(world, *asked[:2]) == files_of(undisturbed, *asked[:2])
    assert mortals.run(world, "audit") == (ENDED, ["record"]), mortals.said()
    assert list(world.settings.scratch_dir.iterdir()) == []


def files_of(world: Workbench, name: str, version: str) -> object:
    key = f"{name}/releases/{version}/{keys.MANIFEST_PATH}"
    return Manifest.parse(world.store.read(world.settings.s3_releases_bucket, key, limit_bytes=1 << 20)).files
