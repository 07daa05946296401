"""Label Studio is away, slow, cross, or loses answers while clips go out and come back: it is told, and ends right."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pipeline.adapters.label_studio import LabelStudio
from pipeline.errors import AccessDeniedError, FirsthandError, LabelStudioUnavailableError
from pipeline.records import annotations
from pipeline.steps.collect import Collected
from pipeline.workbench import Workbench
from tests.adapters.label_studio.conftest import Account, an_answer
from tests.builders import Chain
from tests.census import census
from tests.faulty_door import FaultyDoor, Mood, faulty_door_to
from tests.steps.studio import Studio
from tests.stored import store_chain

PATIENCE_S = 1.5
"""How long we wait for one answer here; two minutes elsewhere."""


@dataclass(frozen=True)
class Behind:
    """Label Studio behind a door, and the same in front of it."""

    studio: Studio
    door: FaultyDoor

    def told(self) -> set[int]:
        with self.studio.bench.db.begin() as session:
            sent = annotations.tasks_under(session, self.studio.taxonomy.digest)
        return {task.task_id for task in sent.values()}

    def there(self) -> list[int]:
        """The tasks that Label Studio has, each as often as it is there."""
        return [task["id"] for found in self.studio.tasks().values() for task in found]


@pytest.fixture(scope="module")
def chain(bench: Workbench) -> Chain:
    return store_chain(bench)


@pytest.fixture
def behind(bench: Workbench, chain: Chain, people: list[Account], monkeypatch: pytest.MonkeyPatch) -> Iterator[Behind]:
    settings = bench.settings
    assert len(chain.clips) == 3
    with (
        faulty_door_to(settings.label_studio_url) as door,
        LabelStudio(door.url, settings.label_studio_token.get_secret_value(), timeout_s=PATIENCE_S) as through,
        monkeypatch.context() as here,
    ):
        here.setitem(bench.__dict__, "labelling", through)
        yield Behind(Studio.of(bench, people), door)


MOODS: list[tuple[Mood, type[FirsthandError], str]] = [
    ("shut", LabelStudioUnavailableError, "did not answer"),
    ("500", LabelStudioUnavailableError, "answered 500"),
    ("401", AccessDeniedError, r"refused the token \(401\)"),
]


@pytest.mark.parametrize(("mood", "family", "words"), MOODS)
def test_a_door_that_is_shut_is_told_and_nothing_is_recorded_until_it_opens(
    behind: Behind, mood: Mood, family: type[FirsthandError], words: str
) -> None:
    before = census(behind.studio.bench)
    behind.door.mood = mood
    with pytest.raises(family, match=words) as caught:
        behind.studio.submit()
    assert behind.door.url in str(caught.value)
    assert len(behind.door.asked) == 1, "nothing is asked twice: what was answered with an error may have been done"
    assert census(behind.studio.bench).new_rows(before) == {}
    behind.door.mood = "open"
    assert len(behind.studio.submit()) == 3
    assert sorted(behind.there()) == sorted(behind.told())

    behind.studio.people[0].answer(behind.there()[0], an_answer())
    before = census(behind.studio.bench)
    behind.door.mood = mood
    with pytest.raises(family, match=words):
        behind.studio.collect()
    assert census(behind.studio.bench) == before
    behind.door.mood = "open"
    assert behind.studio.collect() == Collected(new=1, refused=0)


@pytest.mark.parametrize("mood", ["deaf", "shut", "500"])
def test_an_import_whose_answer_is_lost_is_found_and_not_made_twice(behind: Behind, mood: Mood) -> None:
    behind.door.mood, behind.door.only = mood, "/import"
    with pytest.raises(LabelStudioUnavailableError, match="could not push 3 clips to project"):
        behind.studio.submit()
    assert behind.told() == set()
    behind.door.mood = "open"
    assert len(behind.studio.submit()) == 3
    assert len(behind.there()) == 3
    assert set(behind.there()) == behind.told()


def test_what_comes_slowly_comes(behind: Behind) -> None:
    behind.door.pause_s = 0.2
    assert len(behind.studio.submit()) == 3
    behind.studio.people[0].answer(behind.there()[0], an_answer())
    assert behind.studio.collect() == Collected(new=1, refused=0)


def test_what_is_too_slow_is_told_and_comes_when_it_is_quicker(behind: Behind) -> None:
    behind.door.pause_s = 2 * PATIENCE_S
    with pytest.raises(LabelStudioUnavailableError, match="did not answer"):
        behind.studio.submit()
    assert len(behind.door.asked) == 1, "nobody waits for it twice"
    behind.door.pause_s = 0
    assert len(behind.studio.submit()) == 3
    assert sorted(behind.there()) == sorted(behind.told())


def test_a_reading_that_breaks_off_is_read_again(behind: Behind) -> None:
    behind.studio.submit()
    for task_id in behind.there():
        behind.studio.people[0].answer(task_id, an_answer())
    behind.door.mood, behind.door.only = "shut", "page_size=1&"
    with pytest.raises(LabelStudioUnavailableError):
        behind.studio.collect()
    behind.door.mood = "open"
    kept = len(behind.studio.recorded())
    assert behind.studio.collect() == Collected(new=3 - kept, refused=0)
    assert behind.studio.collect() == Collected(0, 0)
