"""Which frames are looked at is the same whether a recording is encoded whole or in chunks."""

from fractions import Fraction
from math import floor

from hypothesis import given
from hypothesis import strategies as st

from pipeline.adapters.ffmpeg.sampling import Sampling

RATES = st.sampled_from(["5", "10", "24000/1001", "25", "30000/1001", "50", "60000/1001", "60", "17/3"]).map(Fraction)
PER_S = st.sampled_from(["1/2", "1", "2", "10"]).map(Fraction)


def looked_at(sampling: Sampling, first_frame: int, frame_count: int) -> list[int]:
    """What ffmpeg's `select` lets through of a chunk, by the expression it is given, in doubles as it computes them."""
    words = {"gt": lambda one, other: one > other, "floor": floor}
    rule = compile(sampling.expression(first_frame), "select", "eval")
    return [
        first_frame + n
        for n in range(frame_count)
        if eval(rule, words | {"n": float(n)})  # noqa: S307 -- our own words
    ]


@given(rate=RATES, per_s=PER_S, frames=st.integers(1, 400), edge=st.integers(0, 400))
def test_chunks_are_looked_at_where_the_whole_is(rate: Fraction, per_s: Fraction, frames: int, edge: int) -> None:
    sampling, edge = Sampling(per_s, rate), min(edge, frames)
    whole = list(dict.fromkeys(sampling.frames(frames)))
    assert looked_at(sampling, 0, edge) + looked_at(sampling, edge, frames - edge) == whole


@given(rate=RATES, per_s=PER_S, frames=st.integers(1, 400))
def test_each_sample_is_the_first_frame_not_before_its_moment_or_the_one_shown_then(
    rate: Fraction, per_s: Fraction, frames: int
) -> None:
    sampling = Sampling(per_s, rate)
    for number, frame in enumerate(sampling.frames(frames)):
        late = frame / rate - number / per_s
        assert 0 <= late < 1 / rate if rate >= per_s else -1 / rate < late <= 0
    assert sum(sampling.repeats(frames)) == len(list(sampling.frames(frames)))
    assert len(list(sampling.repeats(frames))) == len(set(sampling.frames(frames)))


def test_a_day_of_frames_does_not_round() -> None:
    sampling = Sampling(Fraction(10), Fraction(30000, 1001))
    day = 24 * 3600 * 30
    assert looked_at(sampling, day, 3000) == [at for at in range(day, day + 3000) if at * 1001 % 3000 < 1001]
