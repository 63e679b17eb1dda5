"""The meters against signals of known level and, where installed, against another implementation."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rapbot.sound.loudness import loudness_lufs, true_peak_dbfs, true_peak_envelope


def sine(hz: float, rate_hz: int, length_s: float, phase: float = 0.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(length_s * rate_hz)) / rate_hz + phase)


@pytest.mark.parametrize("rate_hz", [16_000, 24_000, 44_100, 48_000, 96_000])
def test_the_reference_tone_reads_what_the_standard_says(rate_hz: int) -> None:
    tone = sine(997.0, rate_hz, 5.0)
    # 0.05 LU: the bilinear transform bends the shelf a little at 16 kHz
    assert loudness_lufs(tone, rate_hz) == pytest.approx(-3.01, abs=0.05)
    assert loudness_lufs(np.stack([tone, tone], axis=1), rate_hz) == pytest.approx(0.0, abs=0.05)
    assert loudness_lufs(tone * 0.1, rate_hz) == pytest.approx(-23.01, abs=0.05)


def test_pauses_do_not_count() -> None:
    rate_hz = 48_000
    tone = 0.1 * sine(997.0, rate_hz, 6.0)
    with_pause = np.concatenate([tone, np.zeros(rate_hz * 20), tone])
    # the blocks that straddle an edge are gated in at part of the level: less than a quarter LU over 12 s of tone
    assert loudness_lufs(with_pause, rate_hz) == pytest.approx(loudness_lufs(tone, rate_hz), abs=0.25)


def test_agrees_with_pyloudnorm_on_programme_material() -> None:
    pyloudnorm = pytest.importorskip("pyloudnorm")
    rng = np.random.default_rng(4)
    for rate_hz in (44_100, 48_000):
        swelling = rng.standard_normal((rate_hz * 8, 2)) * 0.1 * np.linspace(0.01, 1.0, rate_hz * 8)[:, None] ** 2
        other = pyloudnorm.Meter(rate_hz, filter_class="DeMan").integrated_loudness(swelling)
        assert loudness_lufs(swelling, rate_hz) == pytest.approx(other, abs=0.01)


@pytest.mark.parametrize("samples", [np.zeros(0), np.zeros(100), np.zeros((96_000, 2))])
def test_silence_has_no_loudness_and_no_peak(samples: np.ndarray) -> None:
    assert loudness_lufs(samples, 48_000) == -math.inf
    assert true_peak_dbfs(samples, 48_000) == -math.inf


def test_a_sound_shorter_than_a_block_still_has_a_loudness() -> None:
    assert loudness_lufs(0.1 * sine(997.0, 48_000, 0.2), 48_000) == pytest.approx(-23.0, abs=0.5)


def test_true_peak_sees_between_the_samples() -> None:
    faded = np.hanning(48_000) ** 0.25  # an abrupt start would ring above the sine's own peak
    quarter_rate = sine(12_000.0, 48_000, 1.0, math.pi / 4) * faded  # every sample lies 3 dB below the peak
    assert 20 * math.log10(np.abs(quarter_rate).max()) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_dbfs(quarter_rate, 48_000) == pytest.approx(0.0, abs=0.1)  # annex 2 allows +0.2/-0.4


def test_the_envelope_never_lies_below_the_samples() -> None:
    noise = np.random.default_rng(0).standard_normal((5000, 2))
    assert (true_peak_envelope(noise) >= np.abs(noise).max(axis=1) - 1e-9).all()


def test_more_than_two_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        loudness_lufs(np.zeros((100, 6)), 48_000)
