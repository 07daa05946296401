"""Our engine alone, without records, store or Prefect: `python -m tests.bench.ours SOURCE FOLDER`.

What an ingest asks of `pipeline.adapters.ffmpeg`: it reads the packets, plans clips, makes what is made of the picture
and the sound, and cuts. Without arguments it only loads.
"""

import sys
from pathlib import Path

from pipeline.adapters.ffmpeg import Ffmpeg, Limits
from pipeline.domain.clip import ClipPolicy, plan_clips
from pipeline.domain.recipe import VIEWING


def main(source: Path, folder: Path) -> None:
    """Make what an ingest makes of footage, in an empty folder."""
    media = Ffmpeg(limits=Limits(), scratch=folder)
    facts = media.probe(source)
    plan = plan_clips(facts=facts, policy=ClipPolicy())
    rendition, beside = folder / "rendition.mp4", folder / "beside"
    for made in (beside, folder / "clips"):
        made.mkdir()
    media.render(source, facts, VIEWING, cut_frames=plan.cut_frames, target=rendition, beside=beside)
    media.cut(rendition, plan.clips, folder / "clips")


if __name__ == "__main__" and len(sys.argv) > 1:
    main(Path(sys.argv[1]), Path(sys.argv[2]))
