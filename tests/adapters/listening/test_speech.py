"""The network hears what it would hear frame by frame: a voice in real footage, none in noise, bangs and silence."""

import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from pipeline.adapters.listening import Listener, speech
from pipeline.domain.sound_hint import HintKind
from pipeline.domain.speech import judge_speech
from pipeline.domain.timeline import Span
from pipeline.errors import MediaToolError, SettingsError
from tests.sounds import RATE_HZ, Samples, noise, with_bangs, write_wav

LISTENER = Listener()
P = LISTENER.speech_parameters


@pytest.fixture(scope="module")
def voice(real_footage: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody speaks in the second half of the first second."""
    target = tmp_path_factory.mktemp("voice") / "sound.wav"
    argv = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(real_footage / "video" / "egoblur-lp.mp4")]
    subprocess.run([*argv, "-vn", "-ac", "1", "-ar", str(RATE_HZ), str(target)], check=True)
    return target


def frame_by_frame(samples: Samples) -> Iterator[float]:
    """What the package's own network for streams says, the way its `OnnxWrapper` asks it."""
    network = onnxruntime.InferenceSession(str(speech.network_path().with_name("silero_vad.onnx")))
    state, before = np.zeros((2, 1, 128), np.float32), np.zeros(64, np.float32)
    for frame in np.pad(samples, (0, -len(samples) % 512)).astype(np.float32).reshape(-1, 512):
        heard = np.concatenate([before, frame])[None]
        likely, state = network.run(None, {"input": heard, "state": state, "sr": np.array(16_000, np.int64)})
        before = frame[-64:]
        yield float(likely[0, 0])


def test_a_voice_in_real_footage_is_one_region(voice: Path) -> None:
    within = Span(Fraction(0), Fraction(3))
    (judged,) = judge_speech(LISTENER.speech_probabilities(voice), P, within)
    assert judged.hint is not None
    assert judged.hint.score > 0.9
    assert abs(judged.hint.span.start_s - Fraction("0.37")) < Fraction(1, 10)
    assert abs(judged.hint.span.end_s - Fraction("1.5")) < Fraction(1, 10)


def test_many_frames_in_one_call_are_the_same_as_one_by_one(voice: Path, tmp_path: Path) -> None:
    stored = np.frombuffer(voice.read_bytes()[-2 * 40_000 :], "<i2").astype(np.float32) / (1 << 15)
    # Longer than what is asked in one call.
    sound = np.concatenate([stored, stored, stored[:5_123]])
    found = LISTENER.speech_probabilities(write_wav(tmp_path / "sound.wav", sound * (1 << 15) / 32767))
    assert len(found) == -(-len(sound) // P.frame_samples)
    assert max(found) > 0.9
    np.testing.assert_allclose(found, list(frame_by_frame(sound)), atol=1e-4)


def test_noise_bangs_and_silence_are_no_speech(tmp_path: Path) -> None:
    for samples in (np.zeros(0), np.zeros(100), np.zeros(6 * RATE_HZ), with_bangs(noise(6), [20_000, 50_000])):
        found = LISTENER.speech_probabilities(write_wav(tmp_path / "sound.wav", samples))
        assert len(found) == -(-len(samples) // P.frame_samples)
        assert max(found, default=0) < 0.35


def test_what_is_no_sound_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaToolError, match="expected"):
        LISTENER.speech_probabilities(write_wav(tmp_path / "stereo.wav", noise(1), channels=2))


def test_a_detector_is_named_by_its_network_and_its_parameters() -> None:
    detectors = LISTENER.detectors
    assert set(detectors) == set(HintKind)
    assert f"sha256:{speech.network_digest()}" in detectors[HintKind.SPEECH].tools
    assert '"likely":"1/2"' in detectors[HintKind.SPEECH].parameters
    assert '"crest_min_db":8' in detectors[HintKind.IMPULSE].parameters
    assert {kind: one.digest for kind, one in detectors.items()} == {
        kind: one.digest for kind, one in Listener().detectors.items()
    }


def test_a_network_that_is_not_installed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speech, "_FILE", "silero_vad/data/gone.onnx")
    with pytest.raises(SettingsError, match=r"gone\.onnx"):
        speech.network_path()
