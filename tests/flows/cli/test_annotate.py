"""How labelling goes, on the command line and as a page. Running the flow itself is tested with the route."""

import json
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from pipeline.domain.ids import ClipId
from pipeline.domain.labels import ClipLabels, EventLabel
from pipeline.domain.timeline import Span
from pipeline.records import annotations, clips
from pipeline.workbench import Workbench
from tests.benches import Benches, environment_of
from tests.browser.pages import CHROMIUM, FLAGS
from tests.builders import an_answer, some_labels
from tests.flows.cli.conftest import Run
from tests.flows.cli.test_json import check
from tests.footage import make_clip
from tests.stages import Stages

BOTH_SAW = EventLabel("casualty", Span(Fraction(1, 2), Fraction(1)))
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def labelled(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbench, list[ClipId]]:
    """Three real clips: two people agree on the first, disagree on the second, and nobody saw the third."""
    folder = tmp_path_factory.mktemp("labelled")
    bench = benches.make(folder / "scratch")
    clip_ids = Stages(bench).ingest(make_clip(folder / "footage.mp4", seconds=3))
    with bench.db.begin() as session:
        for number, clip_id in enumerate(clip_ids, 1):
            digest = clips.rendition_of_clip(session, clip_id).digest
            task = annotations.SentTask(clip_id, bench.taxonomy.digest, digest, 7, number, bench.clock())
            assert annotations.add_task(session, task)
        for number, (clip_id, annotator, at_s) in enumerate(
            [
                (clip_ids[0], "annotator-a", "1/10"),
                (clip_ids[0], "annotator-b", "2/10"),
                (clip_ids[1], "annotator-a", "1/10"),
                (clip_ids[1], f"annotator-{EVIL}", "8/10"),
            ],
            1,
        ):
            labels = some_labels(at_s=Fraction(at_s))
            if clip_id == clip_ids[1]:
                labels = ClipLabels.of([*labels.events, BOTH_SAW], labels.choices)
            answer = an_answer(number=number, annotator=annotator, labels=labels)
            answer = replace(answer, clip_id=clip_id, taxonomy_digest=bench.taxonomy.digest, lead_time_s=9.0)
            assert annotations.add_answer(session, answer)
        refused = an_answer(number=9, annotator="annotator-b", labels=None, refusal="no such label")
        refused = replace(refused, clip_id=clip_ids[2], taxonomy_digest=bench.taxonomy.digest)
        assert annotations.add_answer(session, refused)
    return bench, clip_ids


def test_status_tells_people_what_is_left_and_where_they_disagree(
    run: Run, labelled: tuple[Workbench, list[ClipId]]
) -> None:
    bench, clip_ids = labelled
    ended = run("annotate", "status", **environment_of(bench))
    assert (ended.code, ended.err) == (0, "")
    assert "3 clips sent out, 1 settled, 1 disputed, 0 adjudicated, 1 open; 2 answers to go" in ended.out
    assert "Shot fired: 0 events marked by both, 2 by one only" in ended.out
    assert "projects/7/data?task=2" in ended.out
    (found,) = run("annotate", "status", "--json", **environment_of(bench)).items("labelling")
    check("labelling", [found])
    assert [line["clip_id"] for line in found["disputes"]] == [str(clip_ids[1])]
    assert found["people"][0]["median_answer_s"] == 9.0


def test_answers_that_cannot_be_used_are_listed(run: Run, labelled: tuple[Workbench, list[ClipId]]) -> None:
    bench, clip_ids = labelled
    (line,) = run("annotate", "refused", "--json", **environment_of(bench)).items("refused_answers")
    check("refused_answers", [line])
    assert (line["clip_id"], line["reason"]) == (str(clip_ids[2]), "no such label")


def test_the_page_shows_who_marked_what_over_pictures_of_the_clip(
    run: Run, labelled: tuple[Workbench, list[ClipId]], tmp_path: Path
) -> None:
    bench, clip_ids = labelled
    page_file = tmp_path / "labelling.html"
    for _ in range(2):
        ended = run("annotate", "report", page_file, "--json", **environment_of(bench))
        (written,) = json.loads(ended.out)["items"]
        check("reports", [written])
        assert written == {"path": str(page_file), "disputed_clips": 1}
    assert page_file.stat().st_mode & 0o077 == 0
    assert list(tmp_path.iterdir()) == [page_file]
    with sync_playwright() as playwright, playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(page_file.as_uri())
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        panel = page.locator(".panel")
        assert panel.count() == 1
        assert panel.locator("a").get_attribute("href").endswith("/projects/7/data?task=2")
        assert str(clip_ids[1]) in panel.inner_text()
        width_px = panel.locator("img").evaluate("picture => picture.naturalWidth")
        assert width_px > 500
        lanes = panel.locator(".lane")
        assert lanes.count() == 3
        shots = [lanes.nth(number).locator("i[title^='Shot fired']") for number in (0, 1)]
        left = [shot.evaluate("mark => parseFloat(mark.style.left)") for shot in shots]
        assert left == [80, 10]  # "<" sorts before "a"
        tops = [mark.evaluate("mark => mark.style.top") for mark in lanes.nth(0).locator("i").all()]
        assert len(set(tops)) == 2, "marks that overlap lie on lines of their own"
        assert "Threat level: " in panel.inner_text()
        (agreed,) = lanes.nth(2).locator("i").all()
        assert agreed.get_attribute("title") == "Casualty: begins 0.500 to 0.500 s, marked by 2 of 2"
        assert EVIL in panel.inner_text()
        assert page.evaluate("document.querySelectorAll('script').length") == 0


def test_a_page_that_cannot_be_written_ends_with_2(
    run: Run, labelled: tuple[Workbench, list[ClipId]], tmp_path: Path
) -> None:
    bench, _ = labelled
    ended = run("annotate", "report", tmp_path / "nowhere" / "page.html", **environment_of(bench))
    assert ended.code == 2
    assert "cannot be written: No such file or directory" in ended.err
