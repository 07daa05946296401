"""Bangs are found where they are, whatever is around them; what is steady, silent or broken has none."""

import tempfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.adapters.listening import Listener
from pipeline.domain.impulse import ImpulseCandidate, judge_impulses
from pipeline.domain.timeline import Span
from pipeline.errors import MediaToolError
from tests.sounds import RATE_HZ, Samples, noise, with_bangs, write_wav

LISTENER = Listener()
P = LISTENER.impulse_parameters
HOP = P.hop_samples
BLOCK = 32_000
"""What is read at once: two seconds."""
PLACES = st.lists(st.integers(RATE_HZ, 3 * RATE_HZ), min_size=1, max_size=4, unique_by=lambda at: at // 8000)


def candidates(samples: Samples) -> list[ImpulseCandidate]:
    with tempfile.TemporaryDirectory() as folder:
        return LISTENER.find_impulses(write_wav(Path(folder) / "sound.wav", samples))


def onsets(samples: Samples) -> list[Fraction]:
    """Where there are hints."""
    within = Span(Fraction(0), Fraction(max(1, len(samples)), RATE_HZ))
    judged = judge_impulses(candidates(samples), P, within)
    return [one.hint.span.start_s for one in judged if one.hint is not None]


def near(found: list[Fraction], places: list[int], *, within_samples: int) -> bool:
    return len(found) == len(places) and all(
        abs(onset * RATE_HZ - at) <= within_samples for onset, at in zip(found, sorted(places), strict=True)
    )


@settings(max_examples=25)
@given(PLACES)
@example([BLOCK - 1])
@example([BLOCK, BLOCK + 2000])
def test_every_bang_is_found_to_within_5_ms_and_nothing_else_is(places: list[int]) -> None:
    apart = [at for at, before in zip(sorted(places), [0, *sorted(places)], strict=False) if at - before > 3200]
    assert near(onsets(with_bangs(noise(4.5), apart)), apart, within_samples=HOP)


@settings(max_examples=15)
@given(PLACES, st.integers(1, 150))
def test_what_begins_later_is_found_as_much_later(places: list[int], hops: int) -> None:
    sound = with_bangs(noise(4.5), places)
    later = np.concatenate([noise(2, seed=7)[: hops * HOP], sound])
    moved = [onset + Fraction(hops * HOP, RATE_HZ) for onset in onsets(sound)]
    assert moved
    assert onsets(later) == moved


@settings(max_examples=15)
@given(PLACES, st.floats(0.1, 1))
def test_a_quieter_recording_of_the_same_has_its_bangs_at_the_same_moments(places: list[int], factor: float) -> None:
    sound = with_bangs(noise(4.5, level=0.03), places)
    assert onsets(sound * factor) == onsets(sound)


def test_a_burst_of_ten_shots_a_second_is_ten_shots() -> None:
    places = [RATE_HZ + shot * RATE_HZ // 10 for shot in range(10)]
    assert near(onsets(with_bangs(noise(4), places)), places, within_samples=HOP)


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(3 * RATE_HZ),
        np.full(3 * RATE_HZ, 0.5),
        np.zeros(10),
        np.zeros(0),
        noise(3),
        # A microphone that is switched on: it begins and stays.
        np.concatenate([np.zeros(2 * RATE_HZ), noise(2, level=0.05)]),
        # A horn.
        np.concatenate([noise(2), 0.3 * np.sin(2 * np.pi * 700 * np.arange(2 * RATE_HZ) / RATE_HZ)]),
    ],
    ids=["silence", "constant", "ten_samples", "nothing", "noise", "switched_on", "horn"],
)
def test_what_is_steady_or_silent_has_no_bang(samples: Samples) -> None:
    assert onsets(samples) == []


def test_a_thud_below_the_band_is_none() -> None:
    thud, count = noise(3), RATE_HZ // 4
    thud[RATE_HZ : RATE_HZ + count] += 0.7 * np.hanning(count) * np.sin(2 * np.pi * 90 * np.arange(count) / RATE_HZ)
    assert onsets(thud) == []


def test_how_it_stands_out_is_measured() -> None:
    (found,) = candidates(with_bangs(noise(4), [2 * RATE_HZ]))
    assert 35 < found.crest_db < 50
    assert found.rise_db > 35
    assert -2 < found.brightness_db < 0
    assert Fraction(1, 50) < found.end_s - found.onset_s < Fraction(1, 10)


def test_what_is_no_sound_of_ours_is_refused(tmp_path: Path) -> None:
    stereo = write_wav(tmp_path / "stereo.wav", noise(1), channels=2)
    slow = write_wav(tmp_path / "slow.wav", noise(1), rate_hz=8000)
    text, empty = tmp_path / "text.wav", tmp_path / "empty.wav"
    text.write_text("This is no sound.")
    empty.write_bytes(b"")
    for path in (stereo, slow, text, empty, tmp_path / "missing.wav"):
        with pytest.raises(MediaToolError, match="expected"):
            LISTENER.find_impulses(path)
