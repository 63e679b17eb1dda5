"""Voice activity: the same in pieces as whole, high for speech, low for noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rapbot.engines.silero import FRAME_SAMPLES, SileroVad
from rapbot.protocols import HEARING_RATE_HZ
from rapbot.sound.files import read_audio

VERSE = Path(__file__).resolve().parents[1] / "data" / "verses" / "tony.flac"  # a cappella


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    return SileroVad()


@pytest.fixture(scope="module")
def voice() -> np.ndarray:
    return read_audio(VERSE, rate_hz=HEARING_RATE_HZ).samples[: 8 * HEARING_RATE_HZ]


def test_one_probability_for_each_whole_frame(vad):
    for length in (0, 1, FRAME_SAMPLES - 1, FRAME_SAMPLES, 5 * FRAME_SAMPLES + 7):
        found = vad.probabilities(np.zeros(length, np.float32))
        assert found.shape == (length // FRAME_SAMPLES,)
        assert found.dtype == np.float32


def test_pieces_equal_the_whole(vad, voice):
    whole = vad.probabilities(voice)
    stream = vad.stream()
    cuts = np.sort(np.random.default_rng(0).integers(0, len(voice), 40))
    pieces = np.concatenate([stream.feed(piece) for piece in np.split(voice, cuts)])
    assert np.allclose(pieces, whole, atol=1e-4)  # float32 sums in another order


def test_a_clip_begins_like_its_own_start(vad, voice):
    half = vad.probabilities(voice[: len(voice) // 2])
    assert np.allclose(half, vad.probabilities(voice)[: len(half)], atol=1e-4)


def test_agrees_with_the_package_it_comes_from(vad, voice):
    from faster_whisper.vad import get_vad_model

    frames = len(voice) // FRAME_SAMPLES
    theirs = np.ravel(get_vad_model()(voice[: frames * FRAME_SAMPLES].copy()))
    assert np.allclose(vad.probabilities(voice), theirs, atol=1e-3)


def test_voice_is_speech_and_noise_is_not(vad, voice):
    frames = voice[: len(voice) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    loud = np.sqrt(np.mean(frames**2, axis=1)) > 0.05
    assert np.mean(vad.probabilities(voice)[loud] > 0.5) > 0.9
    noise = (0.05 * np.random.default_rng(1).standard_normal(4 * HEARING_RATE_HZ)).astype(np.float32)
    assert np.max(vad.probabilities(noise)) < 0.5


def test_stereo_is_refused(vad):
    with pytest.raises(ValueError, match="mono"):
        vad.probabilities(np.zeros((FRAME_SAMPLES, 2), np.float32))
