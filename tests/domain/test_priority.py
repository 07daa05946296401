from collections import Counter
from fractions import Fraction
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from pipeline.domain.hint import Hint, HintSource
from pipeline.domain.ids import ClipId
from pipeline.domain.priority import Candidate, in_order
from pipeline.domain.timeline import Span


def a_hint(score: str, source: HintSource = HintSource.IMPULSE) -> Hint:
    return Hint(source, Span(Fraction(0), Fraction(1)), Fraction(score))


def a_candidate(number: int, source: str = "hostage A", *hints: Hint, uncertainty: Fraction = Fraction(0)) -> Candidate:
    scenario, camera = source.split()
    return Candidate(ClipId(UUID(int=number)), scenario, camera, hints, uncertainty)


def placed(*candidates: Candidate, sent: dict[tuple[str, str], int] | None = None) -> list[tuple[int, str]]:
    return [(one.clip_id.int, one.because) for one in in_order(candidates, sent or {})]


def test_sure_hints_come_first_then_what_nobody_is_sure_of_then_coverage() -> None:
    found = placed(
        a_candidate(1),
        a_candidate(2, "hostage A", a_hint("3/10")),
        a_candidate(3, "hostage A", a_hint("8/10"), a_hint("1/10")),
        a_candidate(4, "hostage A", a_hint("1", HintSource.BOOKMARK), a_hint("8/10")),
        a_candidate(5, "hostage A", uncertainty=Fraction(9, 10)),
        a_candidate(6, "hostage A", a_hint("1/20")),
    )
    assert found == [
        (4, "hinted: 1 bookmark, 1 impulse; the surest at 1.00"),
        (3, "hinted: 1 impulse; the surest at 0.80"),
        (5, "uncertain: 0.90"),
        (2, "uncertain: 0.60"),
        (1, "coverage: 4 clips of its camera went before it"),
        (6, "coverage: 5 clips of its camera went before it"),
    ]


def test_scenarios_and_their_cameras_take_turns() -> None:
    sources = ["siege A", "siege A", "siege A", "siege B", "hostage C", "hostage C"]
    order = [number for number, _ in placed(*(a_candidate(at, source) for at, source in enumerate(sources)))]
    assert [sources[number] for number in order] == [
        "hostage C",
        "siege A",
        "hostage C",
        "siege B",
        "siege A",
        "siege A",
    ]


def test_what_was_sent_before_counts() -> None:
    sent = {("siege", "A"): 5, ("hostage", "C"): 9}
    assert [number for number, _ in placed(a_candidate(1, "hostage C"), a_candidate(2, "siege A"), sent=sent)] == [2, 1]


def test_the_reason_names_no_camera() -> None:
    """It goes into custody, which holds no serial."""
    assert all("SERIAL" not in because for _, because in placed(a_candidate(1, "hostage SERIAL")))


candidates = st.lists(
    st.builds(
        lambda source, scores: (source, [a_hint(str(score)) for score in scores]),
        st.sampled_from(["siege A", "siege B", "hostage C", "range D"]),
        st.lists(st.fractions(0, 1, max_denominator=20), max_size=2),
    ),
    max_size=20,
).map(lambda found: [a_candidate(number, source, *hints) for number, (source, hints) in enumerate(found)])


@given(candidates)
def test_every_clip_has_one_place_and_the_same_one_each_time(found: list[Candidate]) -> None:
    order = placed(*found)
    assert sorted(number for number, _ in order) == list(range(len(found)))
    assert order == placed(*found)
    tiers = [because.partition(":")[0] for _, because in order]
    assert tiers == sorted(tiers, key=["hinted", "uncertain", "coverage"].index)


@given(st.lists(st.sampled_from(["siege A", "siege B", "hostage C"]), min_size=3, max_size=30))
def test_no_scenario_waits_for_another_to_be_done(sources: list[str]) -> None:
    order = [sources[number] for number, _ in placed(*(a_candidate(at, one) for at, one in enumerate(sources)))]
    left = Counter(source.split()[0] for source in sources)
    done: Counter[str] = Counter()
    for source in order:
        scenario = source.split()[0]
        assert all(done[scenario] <= done[other] for other in left if done[other] < left[other])
        done[scenario] += 1
