"""A person labels a clip in a real browser: logs in, opens it, plays, seeks, draws, answers, submits."""

import base64
import dataclasses
import io
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from infra.local.site import LABELLING
from pipeline.adapters.label_studio import ClipTask, LabelStudio, read_labels
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.labels import ChoiceAnswer, Taxonomy
from pipeline.domain.version import Version
from pipeline.steps.illustrate import illustrate_labels
from tests.browser.pages import (
    VIDEO,
    administrator,
    annotator_page,
    clip_storage,
    remove_project,
    stored_clip,
    wait_for_video,
)
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack
from tests.stores import open_store

NTSC = Fraction(30000, 1001)
FRAMES = 180
SILENT_S = 3
SEEK_TOLERANCE_S = 0.1
"""A click on the seeker is as exact as a pixel is wide: 6 s on 700 pixels, and a frame."""


@dataclass
class Labelling:
    """A page of Label Studio on which the clip is open."""

    page: Page
    requests: list[str]
    taxonomy: Taxonomy
    project_id: int
    clip: ClipTask
    studio: LabelStudio

    def video(self, expression: str) -> Any:
        return self.page.evaluate(f"{VIDEO}.{expression}")

    def seek(self, part: float) -> float:
        """Click on the seeker, and give the time in seconds where that is."""
        track = self.page.locator(".lsf-seeker__track").bounding_box()
        assert track is not None
        self.page.mouse.click(track["x"] + track["width"] * part, track["y"] + track["height"] / 2)
        return part * float(FRAMES / NTSC)


def wait_for(what: Callable[[], bool], wait_s: float = 10) -> bool:
    deadline = time.monotonic() + wait_s
    while time.monotonic() < deadline:
        if what():
            return True
        time.sleep(0.1)
    return False


@pytest.fixture(scope="module")
def clip(label_studio_stack: SessionStack, tmp_path_factory: pytest.TempPathFactory) -> ClipTask:
    made = make_clip(
        tmp_path_factory.mktemp("clip") / "clip.mp4",
        seconds=6,
        rate="30000/1001",
        size="960x540",
        # Silence, then a tone: what is seen of the sound can be told from a line.
        audio=f"aevalsrc=exprs=gte(t\\,{SILENT_S})*sin(2765*t)/2:s=48000",
        output_options=f"-frames:v {FRAMES} -movflags +faststart",
    )
    return stored_clip(label_studio_stack, made, frame_rate=NTSC, frame_count=FRAMES)


@pytest.fixture(scope="module")
def labelling(label_studio_stack: SessionStack, clip: ClipTask) -> Iterator[Labelling]:
    """The clip, opened by an annotator who logged in with e-mail and password."""
    taxonomy = dataclasses.replace(taxonomies.load(), version=Version(8, os.getpid() % 1_000_000, 0))
    with administrator(label_studio_stack) as studio, annotator_page(label_studio_stack) as (page, requests):
        store = open_store(label_studio_stack.home)
        illustrate_labels(taxonomy=taxonomy, working_bucket="working", store=store, reader=LABELLING)
        project_id = studio.ensure_project(taxonomy, storage=clip_storage(label_studio_stack))
        studio.push(project_id, [clip])
        page.goto(f"{label_studio_stack.settings['FIRSTHAND_LABEL_STUDIO_URL']}/projects/{project_id}/data")
        page.locator(".lsf-table__row-wrapper").first.click()
        wait_for_video(page)
        page.get_by_text(taxonomy.events[0].name).first.wait_for()
        yield Labelling(page, requests, taxonomy, project_id, clip, studio)
        remove_project(label_studio_stack, project_id)


def test_the_clip_has_a_picture_and_its_length(labelling: Labelling) -> None:
    assert (labelling.video("videoWidth"), labelling.video("videoHeight")) == (960, 540)
    assert labelling.video("duration") == pytest.approx(float(FRAMES / NTSC), abs=0.05)
    assert labelling.video("error") is None
    assert labelling.page.locator(".lsf-frames-control").inner_text().split() == ["1", "of", str(FRAMES)]


def test_every_label_and_answer_is_seen_with_its_hotkey(labelling: Labelling) -> None:
    shown = [
        (label.locator(".lsf-label__text").inner_text(), label.locator(".lsf-label__hotkey").inner_text())
        for label in labelling.page.locator(".lsf-labels .lsf-label").all()
    ]
    taxonomy = labelling.taxonomy
    assert shown == [(kind.name, kind.hotkey) for kind in (*taxonomy.events, *taxonomy.boxes)]
    words = labelling.page.locator("body").inner_text()
    for question in labelling.taxonomy.questions:
        assert question.name in words
        for answer in question.answers:
            assert f"{answer.name}[{answer.hotkey}]" in words


def test_the_instruction_has_a_picture_for_every_event_that_has_one(labelling: Labelling) -> None:
    page = labelling.page
    page.get_by_role("button", name="Instructions").click()
    page.get_by_text("Press the key of a label").wait_for()
    pictures = page.locator("img[src*='fileuri']")
    assert pictures.count() == sum(kind.picture is not None for kind in labelling.taxonomy.events) > 0
    assert wait_for(lambda: all(one.evaluate("it => it.naturalWidth") > 100 for one in pictures.all()), 60)
    page.keyboard.press("Escape")
    page.get_by_text("Press the key of a label").wait_for(state="hidden")


def test_all_that_is_needed_is_on_one_screen(labelling: Labelling, tmp_path: Path) -> None:
    labelling.page.wait_for_timeout(1000)
    labelling.page.screenshot(path=tmp_path / "labelling.png")
    page = labelling.page
    seen = {
        "labels": page.locator(".lsf-labels").first,
        "timeline": page.locator(".lsf-timeline-frames").first,
        "sound": page.locator("canvas").last,
        "last answer": page.get_by_text(labelling.taxonomy.questions[-1].answers[-1].name).last,
        "submit": page.get_by_role("button", name="Submit"),
    }
    boxes = {name: locator.bounding_box() for name, locator in seen.items()}
    for name, box in boxes.items():
        assert box is not None, name
        assert box["y"] >= 0, name
        assert box["y"] + box["height"] <= 900, name
        assert box["x"] + box["width"] <= 1440, name
    labels, timeline = boxes["labels"], boxes["timeline"]
    assert labels is not None
    assert timeline is not None
    assert labels["y"] + labels["height"] < timeline["y"]


def test_the_sound_is_seen_below_the_picture(labelling: Labelling) -> None:
    page = labelling.page
    page.wait_for_timeout(1000)
    box = page.locator(".lsf-audio-tag").first.bounding_box()
    assert box is not None
    shot = Image.open(io.BytesIO(page.screenshot(clip={name: box[name] for name in ("x", "y", "width", "height")})))
    wave = np.asarray(shot.convert("L"))[30:-25]  # between the ruler of seconds and the slider
    inked = (wave < 200).sum(axis=0)
    quiet, loud = inked[20 : len(inked) // 2 - 20].mean(), inked[len(inked) // 2 + 20 : -20].mean()
    assert loud > 3 * quiet + 3, (quiet, loud)


def test_it_plays(labelling: Labelling) -> None:
    before = labelling.video("currentTime")
    labelling.page.keyboard.press("Control+Alt+Space")
    assert wait_for(lambda: bool(labelling.video("currentTime") > before + 0.5))
    labelling.page.keyboard.press("Control+Alt+Space")
    assert wait_for(lambda: labelling.video("paused") is True)
    assert labelling.video("getVideoPlaybackQuality().totalVideoFrames") > 10


@pytest.mark.parametrize("part", [0.75, 0.25, 0.5])
def test_a_seek_lands_and_stays(labelling: Labelling, part: float) -> None:
    wanted_s = labelling.seek(part)
    assert wait_for(lambda: abs(labelling.video("currentTime") - wanted_s) < SEEK_TOLERANCE_S)
    labelling.page.wait_for_timeout(700)
    assert labelling.video("currentTime") == pytest.approx(wanted_s, abs=SEEK_TOLERANCE_S)
    assert labelling.video("seeking") is False
    assert labelling.video("readyState") >= 2


def test_what_is_drawn_and_answered_by_hotkeys_comes_back_as_labels(labelling: Labelling, tmp_path: Path) -> None:
    page = labelling.page
    labelling.seek(0.01)
    page.wait_for_timeout(500)
    frames = page.locator(".lsf-timeline-frames__background").bounding_box()
    assert frames is not None
    page.keyboard.press("3")
    page.mouse.move(frames["x"] + 40, frames["y"] + 60)
    page.mouse.down()
    page.mouse.move(frames["x"] + 140, frames["y"] + 60, steps=8)
    page.mouse.up()
    for key in ("r", "a", "x", "j", "k"):
        page.keyboard.press(key)
    page.screenshot(path=tmp_path / "labelled.png")
    page.keyboard.press("Control+Enter")
    assert wait_for(lambda: len(labelling.studio.read(labelling.project_id, updated_since=None).answers) == 1)

    (received,) = labelling.studio.read(labelling.project_id, updated_since=None).answers
    labels = read_labels(
        received,
        taxonomy=labelling.taxonomy,
        clip=labelling.clip,
    )
    (event,) = labels.events
    assert event.kind == "firearm_aimed"
    start, end = event.span.to_label_studio_range(NTSC)
    assert 3 <= end - start + 1 <= 10
    assert labels.choices == (
        ChoiceAnswer("simulated_weapon", "handgun"),
        ChoiceAnswer("simulated_weapon", "long_gun"),
        ChoiceAnswer("threat_level", "active"),
        ChoiceAnswer("viewpoint", "officer"),
        ChoiceAnswer("visibility", "reduced"),
    )


def test_whoever_labels_reaches_clips_and_nothing_else_of_the_store(
    labelling: Labelling, label_studio_stack: SessionStack, tmp_path: Path
) -> None:
    url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    (tmp_path / "rendition").write_bytes(b"not for annotators")
    digest = Sha256.of(b"not for annotators")
    open_store(label_studio_stack.home).put_once(
        "working", "renditions/browser/r.mp4", tmp_path / "rendition", digest=digest, media_type="video/mp4"
    )

    def reached(place: str) -> int:
        asked = base64.urlsafe_b64encode(place.encode()).decode()
        address = f"{url}/projects/{labelling.project_id}/resolve/?fileuri={asked}"
        return labelling.page.request.get(address).status

    assert reached(labelling.clip.video_url) == 200
    assert reached("s3://working/renditions/browser/r.mp4") == 403
    assert reached("s3://originals/anything") == 404
    shown = labelling.page.request.get(f"{url}/api/storages/s3/?project={labelling.project_id}").text()
    storage = clip_storage(label_studio_stack)
    assert storage.bucket in shown
    assert storage.secret_access_key not in shown
    assert storage.access_key_id not in shown


def test_nothing_was_asked_of_the_outside(labelling: Labelling) -> None:
    hosts = {urlsplit(url).hostname for url in labelling.requests if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}
    assert len(labelling.requests) > 20
