"""What an annotator sees at the two ends of a span is what our seconds say: at every frame rate that cameras have.

Each frame carries its number, counted from 0, as a row of black and white squares; it is read off a screenshot of
the page, not from anything that Label Studio or we compute.
"""

import dataclasses
import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from pipeline.adapters.label_studio import ClipTask, LabelStudio, read_labels
from pipeline.domain import taxonomies
from pipeline.domain.labels import Taxonomy
from pipeline.domain.version import Version
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

RATES = ("10", "24", "25", "30000/1001", "30", "50", "60000/1001")
SECONDS = 2
BITS = 8
SQUARE_PX = 40
SIZE = (BITS * SQUARE_PX, 180)

PICTURE = "canvas:not(.konvajs-content canvas)"
"""Label Studio draws the picture itself, from a video that lies outside the page."""


def number_shown(page: Page) -> int:
    """The number in the picture as it is seen: from a screenshot. Label Studio enlarges none."""
    box = page.locator(PICTURE).first.bounding_box()
    assert box is not None
    scale = min(1, box["width"] / SIZE[0], box["height"] / SIZE[1])
    left, top = ((box[side] - size * scale) / 2 for side, size in zip(("width", "height"), SIZE, strict=True))
    clip = {name: box[name] for name in ("x", "y", "width", "height")}
    seen = Image.open(io.BytesIO(page.screenshot(clip=clip))).convert("L")
    across = [round(left + (bit + 0.5) * SQUARE_PX * scale) for bit in range(BITS)]
    row = np.asarray(seen)[round(top + SQUARE_PX / 2 * scale)]
    return sum(int(row[x] > 127) << bit for bit, x in enumerate(across))


def numbered() -> str:
    """The filter that writes its number into each frame."""
    squares = [f"drawbox=x=0:y=0:w={SIZE[0]}:h={SQUARE_PX}:color=black:t=fill"]
    squares += [
        f"drawbox=x={bit * SQUARE_PX}:y=0:w={SQUARE_PX}:h={SQUARE_PX}:color=white:t=fill"
        f":enable='gte(mod(n,{2 << bit}),{1 << bit})'"
        for bit in range(BITS)
    ]
    return ",".join(squares)


@dataclass(frozen=True)
class Numbered:
    """Clips of every rate in one project, and the page of somebody who labels them."""

    page: Page
    url: str
    studio: LabelStudio
    taxonomy: Taxonomy
    project_id: int
    clips: dict[str, ClipTask]
    task_ids: dict[str, int]

    def open(self, rate: str) -> None:
        self.page.goto(f"{self.url}/projects/{self.project_id}/data?task={self.task_ids[rate]}")
        wait_for_video(self.page)
        self.page.get_by_text(f"of {self.clips[rate].frame_count}", exact=True).wait_for()

    def draw(self, from_part: float, to_part: float) -> None:
        """Draw a span between two places of what the timeline shows."""
        box = self.page.locator(".lsf-timeline-frames__background").bounding_box()
        assert box is not None
        self.page.keyboard.press(self.taxonomy.events[2].hotkey)
        self.page.mouse.move(box["x"] + box["width"] * from_part, box["y"] + 60)
        self.page.mouse.down()
        self.page.mouse.move(box["x"] + box["width"] * to_part, box["y"] + 60, steps=8)
        self.page.mouse.up()

    def number_shown_at(self, place: int) -> int:
        """Go to a frame by its number on the page, and read the number in the picture."""
        self.page.locator(".lsf-frames-control").click()
        self.page.locator(".lsf-frames-control input").fill(str(place))
        self.page.keyboard.press("Enter")
        self.page.wait_for_function(
            f"document.querySelector('.lsf-frames-control').innerText.trim().startsWith('{place}') && !{VIDEO}.seeking"
        )
        self.page.wait_for_timeout(300)
        return number_shown(self.page)


@pytest.fixture(scope="module")
def numbered_clips(label_studio_stack: SessionStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Numbered]:
    folder = tmp_path_factory.mktemp("numbered")
    clips = {}
    for index, rate in enumerate(RATES):
        frame_rate = Fraction(rate)
        frame_count = round(SECONDS * frame_rate)
        made = make_clip(
            folder / f"{index}.mp4",
            seconds=SECONDS + 1,
            rate=rate,
            size="x".join(map(str, SIZE)),
            video_filter=numbered(),
            output_options=f"-frames:v {frame_count} -movflags +faststart",
        )
        clips[rate] = stored_clip(label_studio_stack, made, frame_rate=frame_rate, frame_count=frame_count)
    taxonomy = dataclasses.replace(taxonomies.load(), version=Version(9, os.getpid() % 1_000_000, 0))
    with administrator(label_studio_stack) as studio, annotator_page(label_studio_stack) as (page, _):
        project_id = studio.ensure_project(taxonomy, storage=clip_storage(label_studio_stack))
        pushed = studio.push(project_id, list(clips.values()))
        task_ids = {rate: pushed[clip.clip_id] for rate, clip in clips.items()}
        url = label_studio_stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
        yield Numbered(page, url, studio, taxonomy, project_id, clips, task_ids)
        remove_project(label_studio_stack, project_id)


@pytest.mark.parametrize("rate", RATES)
def test_the_numbers_seen_at_both_ends_of_a_span_are_our_seconds(numbered_clips: Numbered, rate: str) -> None:
    clip = numbered_clips.clips[rate]
    numbered_clips.open(rate)
    numbered_clips.draw(0.05, 0.25)
    for question in numbered_clips.taxonomy.questions:
        numbered_clips.page.keyboard.press(question.answers[0].hotkey)
    with numbered_clips.page.expect_response(lambda answer: "/annotations" in answer.url and answer.ok):
        numbered_clips.page.keyboard.press("Control+Enter")
    (received,) = (
        answer
        for answer in numbered_clips.studio.read(numbered_clips.project_id, updated_since=None).answers
        if answer.ls_task_id == numbered_clips.task_ids[rate]
    )
    labels = read_labels(
        received,
        taxonomy=numbered_clips.taxonomy,
        clip=clip,
    )
    (event,) = labels.events
    drawn = json.loads(received.result_json)[0]["value"]["ranges"][0]
    assert drawn["end"] > drawn["start"] > 1
    assert event.span.start_s == numbered_clips.number_shown_at(drawn["start"]) / clip.frame_rate
    assert event.span.end_s == (numbered_clips.number_shown_at(drawn["end"]) + 1) / clip.frame_rate
