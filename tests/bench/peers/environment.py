"""How is a peer installed, and run inside its own environment?"""

import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.local.tools import ensure_tool
from pipeline.errors import StackError
from tests.bench.contender import Contender, Measured, refused
from tests.bench.measure import ROOT, Cost, cost_of
from tests.bench.progress import say
from tests.bench.source import Source

TOOLS = Path(os.environ.get("FIRSTHAND_TOOLS") or ROOT / ".tools") / "bench"


def installed(lock: str, name: str, does: str, build: Callable[["Inside"], list[Contender]]) -> list[Contender]:
    """The contenders of a peer whose tool is installed now; one that says why where it cannot be."""
    try:
        folder = ensure_tool(
            lock, tools=TOOLS, locks=ROOT / "infra" / "locks", say=lambda words: say(f"{name}: {words}")
        )
    except StackError as error:
        return [refused(name, does, f"could not be installed: {str(error).splitlines()[-1]}")]
    return build(Inside(folder))


class Inside:
    """The environment of a peer."""

    def __init__(self, folder: Path) -> None:
        self._python = folder / "bin" / "python"

    def run(self, module: str, *words: str) -> Callable[[Source, Path], Measured]:
        """How its module cuts a source: `python -m MODULE SOURCE FOLDER WORDS... CUTS`."""

        def run(source: Source, folder: Path) -> Measured:
            (folder / "clips").mkdir()
            cuts = ",".join(f"{begin_s!r}-{end_s!r}" for begin_s, end_s in source.cuts_s)
            return Measured(self._cost([module, str(source.path), str(folder), *words, cuts], folder))

        return run

    def imports(self, module: str) -> Callable[[], Cost]:
        """What it costs that the module loads its tool."""

        def load() -> Cost:
            with tempfile.TemporaryDirectory(prefix="firsthand-bench-") as home:
                return self._cost([module], Path(home))

        return load

    def _cost(self, words: Sequence[str], home: Path) -> Cost:
        # In a home of its own: what it keeps between runs (a cache, a database) must not make the next one cheaper.
        env = {"HOME": str(home), "PATH": f"{self._python.parent}:{os.environ['PATH']}", **_ALONE}
        return cost_of([str(self._python), "-m", *words], cwd=home, env=env)


_ALONE = {
    "PYTHONPATH": str(ROOT),
    "DO_NOT_TRACK": "1",
    "DATACHAIN_NO_ANALYTICS": "1",
    "HF_HUB_OFFLINE": "1",
    "PIP_NO_INDEX": "1",
    "UV_OFFLINE": "1",
}
"""Nothing is installed and nobody is told anything while the clock runs."""
