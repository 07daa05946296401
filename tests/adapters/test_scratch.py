"""What is half done outlives its process, but not for ever; what is not ours stays."""

import os
import time
from pathlib import Path

from pipeline.adapters.scratch import UNFINISHED_MAX_S, Scratch


def aged(path: Path, by_s: float) -> Path:
    path.mkdir(parents=True)
    (path / "part").write_text("done")
    then = time.time() - by_s
    os.utime(path, (then, then))
    return path


def test_half_done_work_that_nobody_comes_back_to_is_removed(tmp_path: Path) -> None:
    root = tmp_path / "scratch"
    old = aged(Scratch(root).unfinished("old"), UNFINISHED_MAX_S + 60)
    young = aged(Scratch(root).unfinished("young"), UNFINISHED_MAX_S - 60)
    foreign = aged(root / "somebody's", UNFINISHED_MAX_S + 60)
    next_process = Scratch(root)
    assert next_process.own.is_dir()
    assert not old.exists()
    assert (young / "part").exists()
    assert (foreign / "part").exists()
    next_process.finish("young")
    next_process.finish("young")
    assert not young.exists()
