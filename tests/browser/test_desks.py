"""What people see at their desks, in a real browser: an adjudicator both answers, an annotator a softened clip."""

import dataclasses
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import Page

from pipeline.adapters.label_studio import (
    SHOWN_CONTROLS,
    ClipTask,
    DeskTask,
    DisputedTask,
    LabelStudio,
    ReceivedAnnotation,
    read_labels,
)
from pipeline.domain import taxonomies
from pipeline.domain.agreement.stamping import is_stamped
from pipeline.domain.desk import ADJUDICATION, Desk, desk_of
from pipeline.domain.hint import DrawnBefore, HintSource, PreAnnotation
from pipeline.domain.labels import ChoiceAnswer, ClipLabels, EventLabel, Taxonomy
from pipeline.domain.timeline import Span
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
from tests.browser.test_frame_numbers import SIZE, number_shown, numbered
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack

RATE = Fraction(30000, 1001)
FRAMES = 90
SCREEN = (1440, 900)


@dataclass(frozen=True)
class Studio:
    """Label Studio as the pipeline uses it, and clips to lay on desks."""

    stack: SessionStack
    labelling: LabelStudio
    taxonomy: Taxonomy
    clip: ClipTask
    softened_url: str

    def lay(self, desk: Desk, task: DeskTask | DisputedTask) -> tuple[int, str]:
        """Lay one clip on a desk; its project, and its page."""
        project_id = self.labelling.ensure_project(self.taxonomy, storage=clip_storage(self.stack), desk=desk)
        task_id = self.labelling.push(project_id, [task])[task.clip_id]
        url = self.stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
        return project_id, f"{url}/projects/{project_id}/data?task={task_id}"

    def received(self, project_id: int) -> ReceivedAnnotation:
        (received,) = self.labelling.read(project_id, updated_since=None).answers
        return received


@pytest.fixture(scope="module")
def studio(label_studio_stack: SessionStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp("desks")
    options = f"-frames:v {FRAMES} -movflags +faststart"
    size = "x".join(map(str, SIZE))
    filmed = make_clip(
        folder / "filmed.mp4", seconds=4, rate="30000/1001", size=size, video_filter=numbered(), output_options=options
    )
    soft = make_clip(
        folder / "soft.mp4", seconds=4, rate="30000/1001", size=size, video_filter="hue=s=0", output_options=options
    )
    taxonomy = dataclasses.replace(taxonomies.load(), version=Version(7, os.getpid() % 1_000_000, 0))
    with administrator(label_studio_stack) as labelling:
        clip = stored_clip(label_studio_stack, filmed, frame_rate=RATE, frame_count=FRAMES)
        clip = dataclasses.replace(clip, taxonomy_digest=taxonomy.digest)
        softened = stored_clip(label_studio_stack, soft, frame_rate=RATE, frame_count=FRAMES)
        yield Studio(label_studio_stack, labelling, taxonomy, clip, softened.video_url)


@pytest.fixture
def laid(studio: Studio) -> Iterator[Callable[[Desk, DeskTask | DisputedTask], tuple[int, str]]]:
    """Lays a clip on a desk, and clears the desk away afterwards."""
    projects: list[int] = []

    def lay(desk: Desk, task: DeskTask | DisputedTask) -> tuple[int, str]:
        project_id, page_url = studio.lay(desk, task)
        projects.append(project_id)
        return project_id, page_url

    yield lay
    for project_id in projects:
        remove_project(studio.stack, project_id)


def frames(start: int, end: int) -> Span:
    return Span.of_label_studio_range(start, end, RATE)


def said(kind: str, span: Span, threat: str) -> ClipLabels:
    given = {"threat_level": threat, "viewpoint": "officer", "visibility": "clear", "simulated_weapon": "handgun"}
    agreed = EventLabel("casualty", frames(30, 60))
    return ClipLabels.of([EventLabel(kind, span), agreed], [ChoiceAnswer(*one) for one in given.items()])


def number_shown_at(page: Page, place: int) -> int:
    page.locator(".lsf-frames-control").click()
    page.locator(".lsf-frames-control input").fill(str(place))
    page.keyboard.press("Enter")
    page.wait_for_function(
        f"document.querySelector('.lsf-frames-control').innerText.trim().startsWith('{place}') && !{VIDEO}.seeking"
    )
    page.wait_for_timeout(300)
    return number_shown(page)


def test_an_adjudicator_sees_both_answers_decides_and_the_decision_is_right_to_the_frame(
    studio: Studio, laid: Callable[[Desk, DeskTask | DisputedTask], tuple[int, str]], tmp_path: Path
) -> None:
    first, second = said("firearm_aimed", frames(2, 9), "active"), said("firearm_aimed", frames(12, 20), "imminent")
    agreed = ClipLabels.of(
        [EventLabel("casualty", frames(30, 60))], [one for one in first.choices if one in second.choices]
    )
    task = DisputedTask(studio.clip, (first, second), agreed, studio.taxonomy)
    project_id, page_url = laid(ADJUDICATION, task)
    with annotator_page(studio.stack, "adjudicator") as (page, _):
        page.goto(page_url)
        wait_for_video(page)
        page.get_by_role("tree").get_by_text("A: Firearm aimed").wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=tmp_path / "adjudication.png")
        words = page.locator("body").inner_text()
        for shown in ("A: Firearm aimed", "B: Firearm aimed", "A: Casualty", "B: Casualty"):
            assert shown in words
        assert "Threat level: A Active attack, B Imminent" in words
        assert "annotator-" not in words
        submit = page.get_by_role("button", name="Submit").bounding_box()
        assert submit is not None
        assert submit["y"] + submit["height"] <= SCREEN[1]
        for needed in (
            page.locator(".lsf-labels").first,
            page.locator(".lsf-timeline-frames").first,
            page.get_by_text(studio.taxonomy.questions[-1].answers[-1].name).last,
        ):
            box = needed.bounding_box()
            assert box is not None
            assert 0 <= box["y"] <= box["y"] + box["height"] <= submit["y"]
            assert box["x"] + box["width"] <= SCREEN[0]

        timeline = page.locator(".lsf-timeline-frames__background").bounding_box()
        assert timeline is not None
        page.keyboard.press(studio.taxonomy.events[2].hotkey)
        y = timeline["y"] + 10  # above the marks: on one of them, dragging would move it
        page.mouse.move(timeline["x"] + timeline["width"] * 0.3, y)
        page.mouse.down()
        page.mouse.move(timeline["x"] + timeline["width"] * 0.5, y, steps=8)
        page.mouse.up()
        page.keyboard.press("r")  # the one question on which they differ: an active attack
        page.screenshot(path=tmp_path / "decided.png")
        with page.expect_response(lambda answer: "/annotations" in answer.url and answer.ok):
            page.keyboard.press("Control+Enter")
        received = studio.received(project_id)
        labels = read_labels(received, taxonomy=studio.taxonomy, clip=task.clip, only_shown=SHOWN_CONTROLS)
        (decided,) = [event for event in labels.events if event.kind == "firearm_aimed"]
        assert [event for event in labels.events if event != decided] == [EventLabel("casualty", frames(30, 60))]
        assert {one for one in labels.choices if one.question == "threat_level"} == {
            ChoiceAnswer("threat_level", "active")
        }
        start, end = decided.span.to_label_studio_range(RATE)
        assert end > start > 1
        assert decided.span.start_s == number_shown_at(page, start) / RATE
        assert decided.span.end_s == (number_shown_at(page, end) + 1) / RATE


def test_a_softened_clip_shows_what_was_filmed_only_when_somebody_asks(
    studio: Studio, laid: Callable[[Desk, DeskTask | DisputedTask], tuple[int, str]], tmp_path: Path
) -> None:
    clip = dataclasses.replace(studio.clip, clip_id=type(studio.clip.clip_id)(int=1))
    _, page_url = laid(desk_of("annotator-0123456789abcdef"), DeskTask(clip, studio.softened_url))
    filmed = str(studio.clip.digest)
    with annotator_page(studio.stack) as (page, requests):
        page.goto(page_url)
        page.wait_for_function("[...document.querySelectorAll('video')].some(video => video.videoWidth > 0)")
        page.wait_for_timeout(1000)
        assert not any(filmed in url for url in requests), "nothing of it is fetched before somebody asks"
        page.locator("summary").click()
        page.locator("details video").evaluate("video => video.play()")
        page.wait_for_function("document.querySelector('details video').videoWidth > 0")
        page.screenshot(path=tmp_path / "unfolded.png")
        assert any(filmed in url for url in requests)


def test_a_suggestion_that_is_accepted_untouched_and_unseen_says_so(
    studio: Studio, laid: Callable[[Desk, DeskTask | DisputedTask], tuple[int, str]]
) -> None:
    suggested = PreAnnotation(EventLabel("reload", frames(10, 40)), Fraction(1, 2), HintSource.BOOKMARK)
    clip = dataclasses.replace(studio.clip, drawn=DrawnBefore((suggested,)))
    project_id, page_url = laid(desk_of("annotator-fedcba9876543210"), DeskTask(clip))
    with annotator_page(studio.stack) as (page, _):
        page.goto(page_url)
        wait_for_video(page)
        page.get_by_role("tree").get_by_text("Reload").wait_for()
        assert page.locator("summary").count() == 0
        for question in studio.taxonomy.questions:
            page.keyboard.press(question.answers[0].hotkey)
        with page.expect_response(lambda answer: "/annotations" in answer.url and answer.ok):
            page.keyboard.press("Control+Enter")
    received = studio.received(project_id)
    labels = read_labels(received, taxonomy=studio.taxonomy, clip=clip)
    assert received.lead_time_s is not None
    assert is_stamped(clip.drawn, labels, lead_time_s=received.lead_time_s, clip_s=Fraction(60))
    assert not is_stamped(clip.drawn, labels, lead_time_s=received.lead_time_s, clip_s=Fraction(1, 1000))
