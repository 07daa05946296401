"""How fast do ten thousand clips go to Label Studio and come back? `python -m tests.bench.labelling [CLIPS]`.

Runs on the stack that FIRSTHAND_HOME names (`firsthand up postgres s3 label-studio`), in a database of its own there
and two projects of its own in Label Studio, which stay. Pushed are clips that nobody has ever cut, each with two things
drawn on it beforehand; what a push and a reading cost is measured of the process that does it, not of the servers.

* push: all clips of a project, in one process.
* collect, all: the first reading.
* collect, 1 %: after one clip in a hundred was answered; everything else was touched a day ago.
* killed: the process that pushes is killed at ten random moments and begun again; then every clip must have one task.
"""

import dataclasses
import itertools
import json
import os
import random
import resource
import secrets
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from pathlib import Path
from typing import Any

import httpx
import psycopg
import sqlalchemy as sa
from psycopg import sql

from infra.local import Stack
from infra.local.parts.databases import connect
from pipeline.domain.footage import Clip, ClipRendition
from pipeline.domain.hint import Hint, HintSource
from pipeline.domain.ids import CameraSerial, ExerciseId, RecordingId
from pipeline.domain.labels import Taxonomy
from pipeline.domain.timeline import Span
from pipeline.domain.version import Version
from pipeline.records import clips
from pipeline.records.migrate import upgrade
from pipeline.records.tables import ClipRenditionRow, ClipRow
from pipeline.records.tables_labelling import MediaGateRow
from pipeline.settings import home
from pipeline.steps.collect import Collected, collect_annotations
from pipeline.steps.submit import submit_clips
from pipeline.workbench import Workbench, open_workbench
from tests.adapters.label_studio.conftest import an_answer
from tests.builders import NOON, TOOL, a_chain, add_chain

ROOT = Path(__file__).parents[2]
CLIPS = 10_000
CLIPS_A_RECORDING = 100
KILLS = 10
A_LONG_WAIT_S = 1800.0
BEGUN = "begun"


def main(clip_count: int) -> None:
    """Measure, and print one line for each stage."""
    stack = Stack(home(), Path(os.environ.get("FIRSTHAND_TOOLS") or ROOT / ".tools"), ROOT, migrate=upgrade)
    url = _database(stack)
    os.environ["FIRSTHAND_DATABASE_URL"] = url
    bench = open_workbench()
    began = time.monotonic()
    _record_clips(bench, clip_count)
    _say(f"recorded {clip_count} clips in {time.monotonic() - began:.0f} s")
    minor = secrets.randbelow(1_000_000)
    one, other = _taxonomy(bench, minor, 1), _taxonomy(bench, minor, 2)

    pushed = _child("submit", one)
    _say(
        f"push: {clip_count} clips with 2 predictions each in {pushed['wall_s']:.1f} s, peak {pushed['peak_mb']:.0f} MB"
    )
    _require_one_task_each(bench, one, clip_count)
    _touched_yesterday(stack, bench, one)
    everything = _child("collect", one)
    _say(f"collect, all: {everything['wall_s']:.1f} s, peak {everything['peak_mb']:.0f} MB")
    answers = _answer(bench, stack, one, max(1, clip_count // 100))
    for name in ("collect", "collect-thorough"):
        again = _child(name, one)
        _say(
            f"{name}, {answers} of {clip_count} answered: {again['wall_s']:.1f} s, peak {again['peak_mb']:.0f} MB, "
            f"{again['done']}"
        )
        answers = _answer(bench, stack, one, max(1, clip_count // 100))
    _kill_and_repeat(bench, other, clip_count, pushed["wall_s"])


def _kill_and_repeat(bench: Workbench, taxonomy: Taxonomy, clip_count: int, whole_s: float) -> None:
    for number in range(1, KILLS + 1):
        # Each goes on where the one before was killed.
        after_s = random.uniform(0, whole_s / 5)  # noqa: S311  # when to kill is no secret
        with subprocess.Popen(_argv("submit", taxonomy), cwd=ROOT, stdout=subprocess.PIPE, text=True) as pushing:
            if pushing.stdout is None or BEGUN not in pushing.stdout.readline():
                sys.exit("expected a push to begin, it did not")
            time.sleep(after_s)
            pushing.kill()
        _say(f"killed {number} of {KILLS} after {after_s:.1f} s: {_tasks(bench, taxonomy).total()} tasks there")
    finished = _child("submit", taxonomy)
    doubled = [clip_id for clip_id, tasks in _tasks(bench, taxonomy).items() if tasks > 1]
    _say(f"finished in {finished['wall_s']:.1f} s; clips with more than one task: {len(doubled)}")
    _child("collect-thorough", taxonomy)
    _require_one_task_each(bench, taxonomy, clip_count)
    _say(f"killed at {KILLS} random moments and repeated: {clip_count} clips, {clip_count} tasks")


def child(what: str, version: str) -> None:
    """One push or one reading, in this process; prints what it cost as JSON."""
    bench = open_workbench()
    taxonomy = dataclasses.replace(bench.taxonomy, version=Version.parse(version))
    _say(BEGUN)
    began = time.monotonic()
    done: object
    if what == "submit":
        with bench.db.begin() as session:
            recordings = list(clips.origins(session))
        done = len(
            submit_clips(
                taxonomy=taxonomy,
                source=bench.clip_source,
                labelling=bench.labelling,
                db=bench.db,
                clock=bench.clock,
                hints={recording_id: _hints(recording_id) for recording_id in recordings},
            )
        )
    else:
        done = _collect(bench, taxonomy, thorough=what == "collect-thorough")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024  # Linux counts kilobytes
    sys.stdout.write(json.dumps({"wall_s": time.monotonic() - began, "peak_mb": peak_mb, "done": str(done)}) + "\n")


def _collect(bench: Workbench, taxonomy: Taxonomy, *, thorough: bool) -> Collected:
    return collect_annotations(
        taxonomy=taxonomy,
        source=bench.clip_source,
        labelling=bench.labelling,
        pseudonym_key=bench.settings.pseudonym_key.get_secret_value().encode(),
        db=bench.db,
        clock=bench.clock,
        thorough=thorough,
    )


def _hints(_: RecordingId) -> list[Hint]:
    """Two in every clip of ten seconds."""
    found = []
    for number in range(CLIPS_A_RECORDING):
        start_s = Fraction(1001 * number, 100) + 2
        found.append(Hint(HintSource.IMPULSE, Span(start_s, start_s + Fraction(1, 10)), Fraction(8, 10)))
        found.append(Hint(HintSource.SPEECH, Span(start_s + 1, start_s + 3), Fraction(6, 10)))
    return found


def _database(stack: Stack) -> str:
    """The URL of an empty database at the newest schema, beside that of the stack."""
    name = f"bench_{secrets.token_hex(4)}"
    with connect(stack._site()) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER firsthand").format(sql.Identifier(name)))
    url = open_workbench.__wrapped__().settings.database_url.get_secret_value().rpartition("/")[0] + f"/{name}"
    upgrade(url)
    return url


def _record_clips(bench: Workbench, clip_count: int) -> None:
    """Recordings one by one, their clips all at once: nobody measures this."""
    left = clip_count
    for number in itertools.count():
        if left <= 0:
            return
        named = {"exercise_id": ExerciseId(f"BENCH-{number % 7}"), "camera_serial": CameraSerial(f"CAMERA-{number}")}
        chain = a_chain(f"bench {number}", clip_count=min(left, CLIPS_A_RECORDING))
        bare = dataclasses.replace(
            chain,
            upload=dataclasses.replace(chain.upload, **named),
            recording=dataclasses.replace(chain.recording, **named),
            clips=(),
            made=(),
        )
        with bench.db.begin() as session:
            add_chain(session, bare)
            for table, things in ((ClipRow, chain.clips), (ClipRenditionRow, chain.made), (MediaGateRow, chain.made)):
                session.execute(sa.insert(table), [_ROWS[table](thing) for thing in things])
        left -= CLIPS_A_RECORDING


def _clip_row(clip: Clip) -> dict[str, Any]:
    (start_num, start_den), (end_num, end_den) = (
        edge.as_integer_ratio() for edge in (clip.span.start_s, clip.span.end_s)
    )
    ends = {"start_num": start_num, "start_den": start_den, "end_num": end_num, "end_den": end_den}
    return dataclasses.asdict(clip) | ends


def _made_row(made: ClipRendition) -> dict[str, Any]:
    return dataclasses.asdict(made) | dataclasses.asdict(made.at) | {"digest": made.digest.hex}


def _gate_row(made: ClipRendition) -> dict[str, Any]:
    gate = {"clip_digest": made.digest.hex, "misfits": [], "tool_identity": TOOL, "checked_at": NOON}
    return {"clip_id": made.clip_id} | gate


_ROWS: dict[Any, Callable[[Any], dict[str, Any]]] = {
    ClipRow: _clip_row,
    ClipRenditionRow: _made_row,
    MediaGateRow: _gate_row,
}


def _taxonomy(bench: Workbench, minor: int, patch: int) -> Taxonomy:
    return dataclasses.replace(bench.taxonomy, version=Version(6, minor, patch))


def _argv(what: str, taxonomy: Taxonomy) -> list[str]:
    return [sys.executable, "-m", "tests.bench.labelling", "--child", what, str(taxonomy.version)]


def _child(what: str, taxonomy: Taxonomy) -> dict[str, Any]:
    done = subprocess.run(_argv(what, taxonomy), cwd=ROOT, stdout=subprocess.PIPE, check=True, timeout=A_LONG_WAIT_S)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _project_id(bench: Workbench, taxonomy: Taxonomy) -> int:
    return bench.labelling.ensure_project(taxonomy, storage=bench.clip_source)


def _tasks(bench: Workbench, taxonomy: Taxonomy) -> Counter[object]:
    """How many tasks each clip has."""
    return Counter(task.clip_id for task in bench.labelling.census(_project_id(bench, taxonomy)).values())


def _require_one_task_each(bench: Workbench, taxonomy: Taxonomy, clip_count: int) -> None:
    tasks = _tasks(bench, taxonomy)
    if len(tasks) != clip_count or set(tasks.values()) != {1}:
        sys.exit(f"expected one task for each of {clip_count} clips, found {tasks.total()} for {len(tasks)}")


def _touched_yesterday(stack: Stack, bench: Workbench, taxonomy: Taxonomy) -> None:
    """As if the push had been yesterday: whoever reads what changed looks ten minutes further back than it must."""
    site = stack._site()
    with psycopg.connect(site.database_url("labelstudio"), autocommit=True) as connection:
        connection.execute(
            "UPDATE task SET updated_at = updated_at - interval '1 day' WHERE project_id = %s",
            (_project_id(bench, taxonomy),),
        )


def _answer(bench: Workbench, stack: Stack, taxonomy: Taxonomy, count: int) -> int:
    """Two people answer clips that nobody has answered."""
    people = json.loads((stack.home / "credentials.json").read_text())["label_studio"]["people"]
    tokens = [person["token"] for person in people if person["role"] == "annotator"]
    project_id = _project_id(bench, taxonomy)
    chosen = random.sample(sorted(bench.labelling.census(project_id)), count)

    def answer(numbered: tuple[int, int]) -> None:
        at, task_id = numbered
        httpx.post(
            f"{bench.settings.label_studio_url}/api/tasks/{task_id}/annotations/",
            json={"result": an_answer(), "lead_time": 30.0},
            headers={"Authorization": f"Token {tokens[at % len(tokens)]}"},
            timeout=120,
        ).raise_for_status()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(answer, enumerate(chosen)))
    return count


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], sys.argv[3])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else CLIPS)
