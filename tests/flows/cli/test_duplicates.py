"""What a reviewer meets: pairs with both sides and reasons, and a decision that is recorded with who and why."""

import pytest

from pipeline.domain.duplicate import Duplicate, Verdict
from pipeline.records import duplicates
from pipeline.workbench import Workbench
from tests.benches import environment_of
from tests.builders import a_chain, a_duplicate, add_chain
from tests.flows.cli.conftest import Run
from tests.furnished import Furnished


@pytest.fixture
def pair(own_bench: Workbench) -> Duplicate:
    with own_bench.db.begin() as session:
        one, other = (add_chain(session, a_chain(name)).recording.recording_id for name in ("one", "other"))
        found = a_duplicate(one, other, verdict=Verdict.REVIEW, reason="they look alike", claims_differ=True)
        duplicates.add_duplicate(session, found)
    return found


def test_both_sides_are_shown_and_what_files_were_called_does_nothing_to_the_terminal(
    look: Run, furnished: Furnished
) -> None:
    listed = look("duplicates", "list").out
    assert str(furnished.pair.duplicate_id)[:8] in listed
    shown = look("duplicates", "show", furnished.pair.duplicate_id).out
    assert str(furnished.quarantined) in shown
    assert str(furnished.stray) in shown
    assert "Jane's day" in shown
    assert "\x1b" not in shown.replace("\x1b[0m", "")
    assert "exercise unknown" in shown


def test_a_decision_is_recorded_with_who_and_why_and_can_be_changed(
    run: Run, own_bench: Workbench, pair: Duplicate
) -> None:
    settings = environment_of(own_bench)
    (waiting,) = run("duplicates", "list", "--waiting", "--json", **settings).items("duplicates")
    assert (waiting["standing"], waiting["waits"], waiting["decided_by"]) == ("open", True, None)
    beginning = str(pair.duplicate_id)[:8]
    for said, standing in (("same", "same"), ("distinct", "distinct")):
        words = ("duplicates", said, beginning, "--by", "REVIEWER-2", "--because", f"clearly {said}")
        (line,) = run(*words, "--json", **settings).items("duplicates")
        assert (line["standing"], line["waits"]) == (standing, False)
        assert (line["decided_by"], line["decided_because"]) == ("REVIEWER-2", f"clearly {said}")
    assert run("duplicates", "list", "--waiting", "--json", **settings).items("duplicates") == []
    assert "clearly distinct" in run("duplicates", "show", beginning, **settings).out


def test_a_decision_needs_a_pair_that_is_there_and_a_reason(run: Run, own_bench: Workbench, pair: Duplicate) -> None:
    settings = environment_of(own_bench)
    who = ("--by", "REVIEWER-2", "--because")
    run("duplicates", "same", "ffffffff", *who, "no such pair", **settings).failed(2, "duplicates list")
    run("duplicates", "same", str(pair.duplicate_id)[:3], *who, "too short", **settings).failed(2, "4 characters")
    run("duplicates", "same", str(pair.duplicate_id), *who, " ", **settings).failed(2, "who decides and why")
    run("duplicates", "same", str(pair.duplicate_id), "--by", "REVIEWER-2", **settings).failed(2, "--because")
