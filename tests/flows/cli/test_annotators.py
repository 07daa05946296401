"""People who label, at the command line, with a real Label Studio."""

import json
import os
from pathlib import Path

import pytest

from pipeline.domain.desk import ADJUDICATION
from pipeline.records import annotations
from pipeline.workbench import Workbench
from tests.benches import Benches, environment_of
from tests.builders import Chain, an_answer
from tests.flows.cli.conftest import Run
from tests.flows.cli.test_json import check
from tests.stored import store_chain

EMAIL = f"cli{os.getpid()}@firsthand.invalid"


@pytest.fixture(scope="module")
def office(benches: Benches, tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbench, Chain]:
    bench = benches.make(tmp_path_factory.mktemp("office"))
    chain = store_chain(bench)
    with bench.db.begin() as session:
        decided = an_answer(chain.clips[0], taxonomy_digest=bench.taxonomy.digest, desk=ADJUDICATION)
        annotations.add_answer(session, decided)
    return bench, chain


@pytest.mark.usefixtures("label_studio_stack")
def test_somebody_comes_in_is_listed_and_leaves(run: Run, office: tuple[Workbench, Chain], tmp_path: Path) -> None:
    settings = environment_of(office[0])
    file = tmp_path / "private" / "jane.json"
    (new,) = run("annotators", "add", EMAIL, "--credentials", file, "--json", **settings).items("enrolled")
    check("enrolled", [new])
    assert (new["is_new"], new["password"], new["written_to"]) == (True, None, str(file))
    assert file.stat().st_mode & 0o077 == 0
    written = json.loads(file.read_text())
    assert (written["email"], written["annotator"]) == (EMAIL, new["annotator"])
    (again,) = run("annotators", "add", EMAIL, "--json", **settings).items("enrolled")
    assert (again["is_new"], again["password"]) == (False, written["password"]), "shown, because nobody named a file"
    run("annotators", "add", EMAIL, "--role", "adjudicator", **settings).failed(6, "each person has one role")

    (line,) = run("annotators", "--json", **settings).items("annotators")
    check("annotators", [line])
    assert (line["annotator"], line["on_desk"], line["desk_url"]) == (new["annotator"], 0, None)
    assert EMAIL not in run("annotators", "list", **settings).out
    (left,) = run("annotators", "retire", new["annotator"], "--because", "moved on", "--json", **settings).items(
        "annotators"
    )
    assert left["retired_at"] is not None


def test_clips_are_marked_by_somebody_for_a_reason(run: Run, office: tuple[Workbench, Chain]) -> None:
    bench, chain = office
    settings = environment_of(bench)
    decided, undecided = (str(clip.clip_id) for clip in chain.clips[:2])
    words = ("--by", "j.doe", "--because", "as discussed", "--json")
    for is_new in (True, False):
        for mark, clip_id in (("warn", undecided), ("gold", decided)):
            (marked,) = run("annotators", mark, clip_id, *words, **settings).items("marked")
            check("marked", [marked])
            assert (marked["clip_id"], marked["is_new"]) == (clip_id, is_new)
    run("annotators", "gold", undecided, *words, **settings).failed(6, "has no adjudicated answer")
    run("annotators", "warn", decided, "--by", "J Doe", "--because", "so it is", **settings).failed(2, "'J Doe'")
