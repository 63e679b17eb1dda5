"""The measuring code is itself measured, on vowels whose onsets are known."""

from __future__ import annotations

import numpy as np
import pytest

from rapbot.bench.onsets import detector_error, flux_onsets, gated_vowels, measure_onsets, smooth_amplitude


@pytest.mark.parametrize("rate_hz", [24_000, 48_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_half_rise_finds_known_onsets_without_bias(rate_hz: int, seed: int) -> None:
    sound, truth_s = gated_vowels(rate_hz, seed)
    near_s = truth_s + np.random.default_rng(seed).uniform(-0.03, 0.03, len(truth_s))
    error = detector_error(measure_onsets(sound, rate_hz, near_s), truth_s)
    assert error.missed == 0
    assert abs(error.mean_ms) < 2
    assert error.p95_abs_ms < 8


def test_flux_finds_known_onsets_roughly() -> None:
    sound, truth_s = gated_vowels(24_000, 1)
    error = detector_error(flux_onsets(sound, 24_000, truth_s + 0.02), truth_s)
    assert error.missed == 0
    assert error.p95_abs_ms < 15


def test_a_shifted_recording_shifts_every_onset_by_as_much() -> None:
    """A measure that leaned on the expected times would not move: here they stay where they were."""
    sound, truth_s = gated_vowels(24_000, 3, count=50)
    moved = np.concatenate([np.zeros(480, np.float32), sound])  # 20 ms
    shift_s = measure_onsets(moved, 24_000, truth_s) - measure_onsets(sound, 24_000, truth_s)
    assert np.median(shift_s) == pytest.approx(0.02, abs=0.0006)
    assert np.percentile(np.abs(shift_s - 0.02), 90) < 0.002


def test_no_rise_is_no_onset() -> None:
    steady = 0.1 * np.sin(2 * np.pi * 600 * np.arange(48_000) / 24_000)
    assert np.isnan(measure_onsets(steady, 24_000, np.asarray([0.8, 1.2]))).all()
    assert np.isnan(measure_onsets(np.zeros(24_000), 24_000, np.asarray([0.5]))).all()
    assert detector_error(np.asarray([np.nan]), np.asarray([1.0])).missed == 1


def test_the_envelope_has_no_delay() -> None:
    times = np.arange(48_000) / 24_000
    burst = np.sin(2 * np.pi * 900 * times) * np.exp(-0.5 * ((times - 1.0) / 0.03) ** 2)
    assert int(smooth_amplitude(burst, 24_000).argmax()) / 2000 == pytest.approx(1.0, abs=0.001)


def test_odd_rates_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple"):
        smooth_amplitude(np.zeros(100), 22_050)
