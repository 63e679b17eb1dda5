"""The aligner's ear against vowels whose onsets are known to the sample."""

from __future__ import annotations

import numpy as np
import pytest

from rapbot.bench.onsets import gated_vowels
from rapbot.voicing.onsets import ENVELOPE_RATE_HZ, find_rises, half_rises, vowel_envelope

RATE_HZ = 24_000


@pytest.mark.parametrize("seed", [1, 2])
def test_known_onsets_are_found_from_rough_expectations(seed: int) -> None:
    sound, truth_s = gated_vowels(RATE_HZ, seed, count=60)
    expected_s = truth_s + np.random.default_rng(seed).uniform(-0.04, 0.04, len(truth_s))
    envelope = vowel_envelope(sound, RATE_HZ)
    onsets_s = half_rises(envelope, find_rises(envelope, np.sort(expected_s)))
    error_ms = 1000 * np.abs(onsets_s - truth_s)
    assert not np.isnan(onsets_s).any()
    assert error_ms.mean() < 4
    assert np.percentile(error_ms, 95) < 10  # the 20 Hz smoothing alone costs up to 6 on short vowels


def test_the_envelope_is_zero_phase() -> None:
    """Played backwards, a symmetric burst has the same envelope backwards: no filter delay."""
    times = np.arange(RATE_HZ) / RATE_HZ
    burst = np.sin(2 * np.pi * 800 * times) * np.exp(-0.5 * ((times - 0.5) / 0.03) ** 2)
    envelope = vowel_envelope(burst, RATE_HZ)
    assert len(envelope) == ENVELOPE_RATE_HZ
    assert abs(int(envelope.argmax()) - 500) <= 1


def test_sounds_outside_the_vowel_band_do_not_count() -> None:
    times = np.arange(RATE_HZ) / RATE_HZ
    inside, below, above = (np.sin(2 * np.pi * hz * times) for hz in (700, 80, 7000))
    level = vowel_envelope(inside, RATE_HZ)[500]
    assert vowel_envelope(below, RATE_HZ)[500] < 0.05 * level
    assert vowel_envelope(above, RATE_HZ)[500] < 0.05 * level


def test_silence_and_steady_tones_have_no_onset() -> None:
    for sound in (np.zeros(RATE_HZ), 0.1 * np.sin(np.arange(RATE_HZ) * 0.2)):
        envelope = vowel_envelope(sound, RATE_HZ)
        found = half_rises(envelope, find_rises(envelope, np.asarray([0.4, 0.6])))
        assert np.isnan(found).all()


def test_rises_keep_their_order() -> None:
    noise = np.random.default_rng(0).standard_normal(2 * RATE_HZ)
    envelope = vowel_envelope(noise, RATE_HZ)
    rises = find_rises(envelope, np.linspace(0.3, 1.7, 12))
    assert np.all(np.diff(rises) > 0)
