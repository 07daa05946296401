"""Watches a stack encode: what runs for a flow, and which clips there are in the end."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

from infra.local.process import marked
from infra.local.state import State
from pipeline.records import clips
from pipeline.workbench import Workbench
from tests.flows.commands import Running
from tests.footage import make_clip
from tests.stack_fixtures import SessionStack

WITHIN_S = 120.0


def busy_footage(target: Path, *, seed: int, seconds: float = 4) -> Path:
    """Footage that takes long enough to encode for somebody to be killed meanwhile."""
    return make_clip(
        target, seconds=seconds, size="640x360", video_filter=f"rotate={seed},noise=alls=20:allf=t:all_seed={seed}"
    )


def clips_in(bench: Workbench, exercise: str | None = None) -> dict[str, str]:
    """Id and digest of every clip."""
    with bench.db.begin() as session:
        wanted = {clip.clip_id for clip in clips.all_clips(session, exercise)}
        return {
            str(made.clip_id): made.digest.hex for made in clips.all_clip_renditions(session) if made.clip_id in wanted
        }


def flow_runs(stack: SessionStack) -> list[psutil.Process]:
    ours = (process for _, process in marked(State.load(stack.home).stack_id))
    return [process for process in ours if "prefect.engine" in process.cmdline()]


def encoders(stack: SessionStack) -> list[psutil.Process]:
    """The ffmpeg that encode for a flow run now."""
    children = (child for run in flow_runs(stack) for child in run.children(recursive=True))
    return [child for child in children if child.name() == "ffmpeg" and "libx264" in child.cmdline()]


def wait_for(seen: Callable[[], list[psutil.Process]], command: Running) -> list[psutil.Process]:
    deadline = time.monotonic() + WITHIN_S
    while True:
        try:
            if found := seen():
                return found
        except psutil.Error:
            continue  # one ended while we looked
        assert command.process.poll() is None, command.ends()
        assert time.monotonic() < deadline
        time.sleep(0.02)
