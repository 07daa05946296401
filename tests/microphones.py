"""Makes sounds that several cameras hear: each through its own microphone, gain, noise and sample clock.

Nothing here is random: the same numbers make the same sound.
"""

from dataclasses import dataclass

import numpy as np

from tests.sounds import RATE_HZ, Samples

_FINER = 4
"""A scene is kept at four times the rate, so that it can be heard between samples."""
_HIGHEST_HZ = 6000
_MILLION = 1e6


@dataclass(frozen=True)
class Scene:
    """What there was to hear, from its beginning on."""

    samples: Samples

    @classmethod
    def of(cls, seconds: float, *, seed: int) -> "Scene":
        """Voices (bursts of a tone and noise) and bangs."""
        random = np.random.default_rng(seed)
        rate = RATE_HZ * _FINER
        samples = np.zeros(int(seconds * rate))

        def add(at_s: float, burst: Samples) -> None:
            at = int(at_s * rate)
            room = samples[at : at + len(burst)]
            room += burst[: len(room)]

        at_s = 0.0
        while (at_s := at_s + random.exponential(0.8)) < seconds:
            count = int(random.uniform(0.08, 0.5) * rate)
            tone = np.sin(2 * np.pi * random.uniform(300, 3000) * np.arange(count) / rate)
            add(
                at_s, random.uniform(0.05, 0.3) * np.hanning(count) * (0.6 * tone + 0.4 * random.standard_normal(count))
            )
        for at_s in random.uniform(0, seconds, int(seconds / 8)):
            count = int(0.15 * rate)
            add(at_s, 0.8 * random.standard_normal(count) * np.exp(-40 * np.arange(count) / rate))
        return cls(_low_passed(samples))

    def heard(
        self,
        start_s: float,
        seconds: float,
        *,
        drift_ppm: float = 0,
        gain: float = 1,
        noise: float = 0.01,
        echo: float = 0,
        seed: int = 0,
    ) -> Samples:
        """What a camera records that starts at a moment of the scene.

        Args:
            start_s: the moment.
            seconds: how long it films, by its own clock.
            drift_ppm: by how much its seconds are too long.
            gain: of its microphone.
            noise: of its microphone.
            echo: how strong the walls around it answer.
            seed: of its noise and its walls.
        """
        random = np.random.default_rng(seed)
        at_s = start_s + np.arange(int(seconds * RATE_HZ)) / RATE_HZ * (1 + drift_ppm / _MILLION)
        found = gain * self._at(at_s)
        for late_s in random.uniform(0.005, 0.12, 6) if echo else ():
            found += gain * echo * self._at(at_s - late_s)
        return found + noise * random.standard_normal(len(found))

    def _at(self, moments_s: Samples) -> Samples:
        """The scene at these moments, by a straight line between samples; silence outside of it."""
        places = moments_s * RATE_HZ * _FINER
        before = np.clip(places.astype(np.int64), 0, len(self.samples) - 2)
        share = places - before
        found: Samples = (1 - share) * self.samples[before] + share * self.samples[before + 1]
        found[(places < 0) | (places > len(self.samples) - 1)] = 0
        return found


def automatic_gain(samples: Samples) -> Samples:
    """As a recorder evens out what is loud and what is faint, within half a second."""
    half = RATE_HZ // 4
    total = np.cumsum(np.pad(samples**2, (half, half)))
    strength = (total[2 * half :] - total[: -2 * half]) / (2 * half)
    return 0.1 * samples / (np.sqrt(strength) + 1e-3)


def _low_passed(samples: Samples) -> Samples:
    spectrum = np.fft.rfft(samples)
    spectrum[np.fft.rfftfreq(len(samples), 1 / (RATE_HZ * _FINER)) > _HIGHEST_HZ] = 0
    found: Samples = np.fft.irfft(spectrum, len(samples))
    return found
