"""Opens Label Studio as a person does: a browser, e-mail and password, a clip."""

from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from uuid import uuid4

import httpx
from playwright.sync_api import Page, sync_playwright

from infra.local.site import LABELLING
from pipeline.adapters.label_studio import ClipTask, LabelStudio, S3Source
from pipeline.domain import taxonomies
from pipeline.domain.digest import Sha256
from pipeline.domain.ids import ClipId, RecordingId
from tests.stack_fixtures import SessionStack
from tests.stores import open_store

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT_MS = 60_000
VIDEO = "document.querySelector('video')"


def stored_clip(stack: SessionStack, made: Path, *, frame_rate: Fraction, frame_count: int) -> ClipTask:
    """A clip in the working bucket, where Label Studio may read it."""
    digest = Sha256.of(made.read_bytes())
    key = f"clips/browser/{digest}.mp4"
    open_store(stack.home).put_once("working", key, made, digest=digest, media_type="video/mp4", reader=LABELLING)
    return ClipTask(
        clip_id=ClipId(uuid4()),
        recording_id=RecordingId(uuid4()),
        video_url=f"s3://working/{key}",
        frame_rate=frame_rate,
        frame_count=frame_count,
        digest=digest,
        taxonomy_digest=taxonomies.load().digest,
    )


def clip_storage(stack: SessionStack, *, through: str | None = None) -> S3Source:
    """Where Label Studio and browsers read clips, with credentials that read clips alone; `through` is another door."""
    settings = stack.settings
    return S3Source(
        bucket="working",
        region=settings["FIRSTHAND_S3_REGION"],
        access_key_id=settings["FIRSTHAND_LABELLING_S3_ACCESS_KEY_ID"],
        secret_access_key=settings["FIRSTHAND_LABELLING_S3_SECRET_ACCESS_KEY"],
        endpoint_url=through or settings["FIRSTHAND_S3_ENDPOINT_URL"],
    )


@contextmanager
def administrator(stack: SessionStack) -> Iterator[LabelStudio]:
    """Label Studio as the pipeline uses it."""
    with LabelStudio(
        stack.settings["FIRSTHAND_LABEL_STUDIO_URL"], stack.settings["FIRSTHAND_LABEL_STUDIO_TOKEN"]
    ) as studio:
        yield studio


@contextmanager
def annotator_page(stack: SessionStack, role: str = "annotator") -> Iterator[tuple[Page, list[str]]]:
    """A browser of 1440x900 in which somebody of a role has logged in, and every address that it asks for."""
    url = stack.settings["FIRSTHAND_LABEL_STUDIO_URL"]
    person = next(person for person in stack.people if person["role"] == role)
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS) as browser,
    ):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WAIT_MS)
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        page.goto(f"{url}/user/login/")
        page.fill("input[name=email]", person["email"])
        page.fill("input[name=password]", person["password"])
        page.click("[type=submit]")
        page.wait_for_url(lambda now: "/user/login" not in now)
        yield page, requests


def wait_for_video(page: Page) -> None:
    """Until a picture of the clip is there."""
    page.wait_for_function(f"{VIDEO} && {VIDEO}.videoWidth > 0 && {VIDEO}.readyState >= 2")


def remove_project(stack: SessionStack, project_id: int) -> None:
    """As if it had never been; other tests count projects."""
    headers = {"Authorization": f"Token {stack.settings['FIRSTHAND_LABEL_STUDIO_TOKEN']}"}
    url = f"{stack.settings['FIRSTHAND_LABEL_STUDIO_URL']}/api/projects/{project_id}/"
    httpx.delete(url, headers=headers).raise_for_status()
