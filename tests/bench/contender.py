"""What is a contender? Something that is measured on the benchmark source: us, bare ffmpeg, a peer."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.measure import Cost, cost_of
from tests.bench.source import Source

CLIPS = "clips"
"""The folder that a contender leaves its clips in, named in their order."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What one run took."""

    cost: Cost
    servers_cpu_s: float | None = None
    """What servers used meanwhile, where there are any."""


@dataclass(frozen=True, slots=True)
class Contender:
    """Something that is measured."""

    name: str
    does: str
    """What work it does, and what of an ingest it does not."""
    run: Callable[[Source, Path], Measured]
    """Works on a source in an empty folder. Raises RuntimeError where it fails."""
    imports: Callable[[], Cost] | None = None
    """Loads what `run` loads, and does nothing: what importing costs. `None`: a program that imports nothing."""
    is_once: bool = False
    """Run once only: it takes minutes and shows how a tool behaves as it comes, or is there for orientation."""
    refusal: str | None = None
    """Why it cannot be measured here, in the words of what was tried."""


def refused(name: str, does: str, why: str) -> Contender:
    """One that cannot be measured here: a row that says so."""

    def cannot(_: Source, __: Path) -> Measured:
        raise RuntimeError(why)

    return Contender(name, does, cannot, refusal=why)


def command(build: Callable[[Source, Path], list[str]]) -> Callable[[Source, Path], Measured]:
    """How a contender is run that is one command."""

    def run(source: Source, folder: Path) -> Measured:
        return Measured(cost_of(build(source, folder)))

    return run


def clips_in(folder: Path) -> list[Path]:
    """The clips that a contender left, in their order."""
    return sorted((folder / CLIPS).glob("*.mp4"))
