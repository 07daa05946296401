"""Probe, render and cut one file with our own engine: `python -m tests.bench.ours SOURCE FOLDER`."""

import sys
from pathlib import Path

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.recipe import VIEWING


def main(source: Path, folder: Path) -> None:
    """Make the rendition and the clips that an ingest would make, in an empty folder."""
    media = Ffmpeg(limits=Limits(), scratch=folder)
    facts = media.probe(source)
    plan = plan_clips(facts=facts, policy=ClipPolicy())
    rendition = folder / "rendition.mp4"
    media.render(source, facts, VIEWING, cut_frames=plan.cut_frames, target=rendition)
    (folder / "clips").mkdir()
    media.cut(rendition, plan.clips, folder / "clips")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
